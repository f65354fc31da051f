"""Writes points with the Python client influxdb. It reads jobs from standard input, and
prints the error of each as a line of JSON, "" if there was none."""
import json
import sys

from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError, InfluxDBServerError

convert = {"float": float, "int": int, "bool": lambda v: v == "true", "string": str}


def point(p):
    made = {
        "measurement": p["name"],
        "tags": p["tags"],
        "fields": {k: convert[v["type"]](v["text"]) for k, v in p["fields"].items()},
    }
    if p["time"]:
        made["time"] = int(p["time"])
    return made


def write(job):
    client = InfluxDBClient(job["host"], job["port"], job["user"], job["password"], gzip=job["gzip"])
    client.ping()
    points = [point(p) for p in job["points"]]
    try:
        client.write_points(points, time_precision=job["precision"], database=job["database"])
    except (InfluxDBClientError, InfluxDBServerError) as e:
        return str(e).strip()  # without the line feed of JSON; its own form has none
    return ""


for job in json.load(sys.stdin):
    print(json.dumps(write(job)))
