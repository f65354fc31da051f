package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// This file looks at the text of a query, which the server alone understands. Where it cannot tell,
// it expects the worst.

// quoted finds what is between quotes, and comments.
var quoted = regexp.MustCompile(`(?s)'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|--[^\n]*|/\*.*?\*/`)

// changing are the statements that change the server.
var changing = []string{"ALTER", "CREATE", "DELETE", "DROP", "GRANT", "KILL", "REVOKE", "SET"}

// changes returns the first word of a query that makes it change the server, or "".
func changes(query string) string {
	words := quoted.ReplaceAllStringFunc(query, func(s string) string {
		if s[0] == '-' || s[0] == '/' {
			return " "
		}
		return " x "
	})
	for statement := range strings.SplitSeq(words, ";") {
		fields := strings.FieldsFunc(strings.ToUpper(statement), func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') })
		switch {
		case len(fields) == 0:
		case slices.Contains(changing, fields[0]):
			return fields[0]
		case slices.Contains(fields, "INTO") && slices.Contains(fields[slices.Index(fields, "INTO"):], "FROM"):
			return "INTO"
		}
	}
	return ""
}

// single finds the parts of a query of one measurement: what it selects, and the measurement with
// quotes or without. Its database and retention policy may come before it.
var single = regexp.MustCompile(`(?is)^\s*SELECT\s(.*?)\sFROM\s+(?:(?:"(?:[^"\\]|\\.)*"|\w*)?\.){0,2}("(?:[^"\\]|\\.)*"|\w+)\s*(?:;?\s*$|\s(?:WHERE|GROUP|ORDER|LIMIT|OFFSET|SLIMIT|SOFFSET|FILL|TZ)\b.*$)`)

// selecting finds what other queries select.
var selecting = regexp.MustCompile(`(?is)\bSELECT\b(.*?)\bFROM\b`)

// losses returns an error if the server may leave something out of the response, because a name has
// several types of which it sends one.
func (k keys) losses(query string) error {
	var selected string
	among := slices.Sorted(maps.Keys(k))
	m := single.FindStringSubmatch(query)
	if m != nil && len(selecting.FindAllString(query, 2)) == 1 {
		selected = m[1]
		name := m[2]
		if name[0] == '"' {
			name = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n").Replace(name[1 : len(name)-1])
		}
		among = []string{name}
	} else {
		for _, s := range selecting.FindAllStringSubmatch(query, -1) {
			selected += s[1] + " "
		}
	}
	all := strings.ContainsAny(selected, "*/")
	asks := func(name string) bool { return all || strings.Contains(selected, name) }
	for _, of := range among {
		if k[of] == nil {
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(k[of].several)) {
			typed := strings.Contains(selected, field+"::") || strings.Contains(selected, field+`"::`)
			if asks(field) && !typed {
				return fmt.Errorf("field %q of %q has several types, of which the server sends the values of one: export each by itself, with %[1]s::float and the like, or everything with -all", field, of)
			}
		}
	}
	if len(among) < 2 {
		return nil
	}
	for i, a := range among {
		for _, b := range among[:i] {
			for _, name := range k.clashes(a, b) {
				if asks(name) {
					return fmt.Errorf("%q is not the same kind of tag or field in %q and %q, and the server gives it one type: export each measurement by itself, or everything with -all", name, b, a)
				}
			}
		}
	}
	return nil
}

// clashes returns the names that are fields of one type in measurement a, and tags or fields of
// another type in b, or the other way round.
func (k keys) clashes(a, b string) (list []string) {
	x, y := k[a], k[b]
	for name, t := range x.Fields {
		other, field := y.Fields[name]
		if field && other != t || !field && slices.Contains(y.Tags, name) {
			list = append(list, name)
		}
	}
	for _, name := range x.Tags {
		if _, field := y.Fields[name]; field && !slices.Contains(y.Tags, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}
