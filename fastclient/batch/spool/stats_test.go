package spool

import (
	"encoding/json"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// TestStatsMaxBytes: the stats name the bound of a spool that holds nothing, and of one that
// is closed.
func TestStatsMaxBytes(t *testing.T) {
	s := opened(t, Options{MaxBytes: 1 << 20})
	if st := s.Stats(); st.MaxBytes != 1<<20 {
		t.Errorf("%+v", st)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.MaxBytes != 1<<20 {
		t.Errorf("closed: %+v", st)
	}
}

// TestStatsJSON: the stats in JSON have every field, and the text of the error.
func TestStatsJSON(t *testing.T) {
	for want, err := range map[string]error{
		`null`: nil, `"spool: sync spool/acked: input/output error"`: fileFailed("sync", "spool/acked", syscall.EIO),
	} {
		text, failed := json.Marshal(Stats{Counts: Counts{Put: Count{Lines: 7}}, LastSyncError: err})
		if failed != nil || !strings.HasSuffix(string(text), `,"LastSyncError":`+want+`}`) || !strings.Contains(string(text), `"Put":{"Batches":0,"Lines":7,"Bytes":0}`) {
			t.Errorf("%s, %v\nwant the error %s", text, failed, want)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for _, f := range reflect.VisibleFields(reflect.TypeFor[Stats]()) {
			if _, ok := fields[f.Name]; ok == f.Anonymous {
				t.Errorf("%s in JSON: %v", f.Name, ok)
			}
		}
	}
}
