package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
)

// A Fact is one thing about the machine or the run.
type Fact struct{ Name, Value string }

// An Environment is where and how a report came about. Its JSON form is an
// object, whose order is kept; of values that are no text, numbers and booleans
// are kept as text, and nested objects and lists left out.
type Environment []Fact

// Get returns the value of a fact, or "".
func (e Environment) Get(name string) string {
	for _, f := range e {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Set adds a fact or replaces its value.
func (e *Environment) Set(name, value string) {
	for i := range *e {
		if (*e)[i].Name == name {
			(*e)[i].Value = value
			return
		}
	}
	*e = append(*e, Fact{name, value})
}

// Merge sets all facts of other.
func (e *Environment) Merge(other Environment) {
	for _, f := range other {
		e.Set(f.Name, f.Value)
	}
}

// MarshalJSON writes an object.
func (e Environment) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, f := range e {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.Value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads an object.
func (e *Environment) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("environment: %s is no object", text)
	}
	*e = Environment{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		switch value[0] {
		case '{', '[', 'n':
		case '"':
			var s string
			if err := json.Unmarshal(value, &s); err != nil {
				return err
			}
			e.Set(name.(string), s)
		default:
			e.Set(name.(string), string(value))
		}
	}
	return nil
}

// Here returns the facts about this machine, at the time now.
func Here(now time.Time) Environment {
	e := Environment{
		{"cpu", measure.CPUModel()},
		{"cores", strconv.Itoa(runtime.NumCPU())},
		{"os", runtime.GOOS},
		{"arch", runtime.GOARCH},
		{"go", runtime.Version()},
		{"date", now.UTC().Format(time.RFC3339)},
	}
	if family, model := measure.CPUFamily(); family != "" && model != "" {
		e.Set("cpu_family", family)
		e.Set("cpu_model", model)
	}
	return e
}

// Measured returns the facts that the text of go test -bench has.
func (e Environment) Measured() measure.Environment {
	cores, _ := strconv.Atoi(e.Get("cores"))
	return measure.Environment{CPU: e.Get("cpu"), Cores: max(1, cores), OS: e.Get("os"), Arch: e.Get("arch")}
}

// Machine says in a line what the report was measured on.
func (e Environment) Machine() string {
	var parts []string
	if cpu := e.Get("cpu"); cpu != "" {
		if family := e.Get("cpu_family"); family != "" {
			cpu += " (family " + family + ", model " + e.Get("cpu_model") + ")"
		}
		parts = append(parts, cpu)
	}
	if n := e.Get("cores"); n != "" {
		parts = append(parts, n+" cores")
	}
	if os := e.Get("os"); os != "" {
		parts = append(parts, os+"/"+e.Get("arch"))
	}
	if v := e.Get("go"); v != "" {
		parts = append(parts, v)
	}
	return strings.Join(parts, ", ")
}
