package main

import (
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
)

const response = `{"results":[{"statement_id":0,"series":[` +
	`{"name":"cpu","tags":{"host":"a"},"columns":["time","load","note"],"values":[[1,0.5,"x, \"y\""],[2,null,null]]},` +
	`{"name":"cpu","tags":{"host":"b"},"columns":["time","load","note"],"values":[[1500000000000000000,9007199254740993,""]]}]},` +
	`{"statement_id":1,"error":"no such thing"},` +
	`{"statement_id":2,"series":[{"name":"databases","columns":["name"],"values":[["mydb"]]}]}]}` + "\n"

func TestExport(t *testing.T) {
	for _, tt := range []struct{ epoch, want string }{
		{"", "measurement,time,load,note,host\n" +
			"cpu,1970-01-01T00:00:00.000000001Z,0.5,\"x, \"\"y\"\"\",a\n" +
			"cpu,1970-01-01T00:00:00.000000002Z,,,a\n" +
			"cpu,2017-07-14T02:40:00Z,9007199254740992,,b\n\n" +
			"measurement,name\ndatabases,mydb\n"},
		{"ms", "measurement,time,load,note,host\n" +
			"cpu,1,0.5,\"x, \"\"y\"\"\",a\n" +
			"cpu,2,,,a\n" +
			"cpu,1500000000000000000,9007199254740992,,b\n\n" +
			"measurement,name\ndatabases,mydb\n"},
	} {
		s := influxtest.New(t, influxtest.JSON(response))
		var b strings.Builder
		err := export(t.Context(), &b, s.URL, tt.epoch, false, "SELECT * FROM cpu GROUP BY *; SELECT; SHOW DATABASES")
		if err == nil || !strings.Contains(err.Error(), "no such thing") {
			t.Errorf("error %v", err)
		}
		if b.String() != tt.want {
			t.Errorf("epoch %q:\n%s\nwant\n%s", tt.epoch, b.String(), tt.want)
		}
	}
}

// A row without a time costs that row.
func TestExportRowWithoutTime(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],`+
		`"values":[[1,1],["x",2],[3,3]]}]}]}`+"\n"))
	var b strings.Builder
	err := export(t.Context(), &b, s.URL, "ns", false, "SELECT v FROM m")
	if err == nil || b.String() != "measurement,time,v\nm,1,1\nm,3,3\n" {
		t.Errorf("%v, %q", err, b.String())
	}
}

func TestExportErrors(t *testing.T) {
	s := influxtest.New(t, influxtest.Error(401, "authorization failed"))
	var b strings.Builder
	if err := export(t.Context(), &b, s.URL, "us", false, "SELECT 1"); err == nil || s.Last() != nil {
		t.Errorf("unit: %v", err)
	}
	if err := export(t.Context(), &b, s.URL, "", false, "SELECT 1"); err == nil || b.Len() > 0 {
		t.Errorf("refused: %v", err)
	}
	if err := export(t.Context(), &b, ":", "", false, "SELECT 1"); err == nil {
		t.Error("no error for a bad address")
	}
	s = influxtest.New(t, influxtest.JSON(response[:150]))
	if err := export(t.Context(), &b, s.URL, "", false, "SELECT 1"); err == nil {
		t.Error("no error for a response that was cut")
	}
}

// TestExportLines holds that tags and whole floats are written as what they are.
func TestExportLines(t *testing.T) {
	s := influxtest.New(t,
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["tagKey"],"values":[["host"]]}]}]}`+"\n"),
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["fieldKey","fieldType"],"values":[["f","float"],["i","integer"]]}]}]}`+"\n"),
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","host","f","i","x"],"values":[[1,"a b",1152921504606847000,7,1.5],[2,null,null,null,null]]}]}]}`+"\n"))
	var b strings.Builder
	if err := export(t.Context(), &b, s.URL, "", true, "SELECT * FROM m"); err != nil || b.String() != "m,host=a\\ b f=1152921504606847000,i=7i,x=1.5 1\n" {
		t.Errorf("%v, %q", err, b.String())
	}
}
