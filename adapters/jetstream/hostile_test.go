package pwjetstream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// goodMessage returns a message as a Sink makes it.
func goodMessage(id int) *nats.Msg {
	line := fmt.Sprintf("m,id=%d v=1i 1\n", id)
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	g.Write([]byte(line))
	g.Close()
	m := nats.NewMsg("points.a")
	m.Data = z.Bytes()
	for key, v := range map[string]string{
		"Pointwire-Version": "1", "Pointwire-Database": "d", "Pointwire-Retention-Policy": "", "Pointwire-Precision": "ns",
		"Pointwire-Lines": "1", "Pointwire-Bytes": itoa(len(line)), "Content-Encoding": "gzip", "Nats-Msg-Id": fmt.Sprintf("%032x", id+1),
	} {
		m.Header.Set(key, v)
	}
	return m
}

// What is on the stream and is no batch becomes a dead letter as it is, is counted, and stops
// nothing.
func TestHostile(t *testing.T) {
	js := newCluster(t, 1, 64<<10).connect()
	streams(t, js, 1)
	s := newStore(t)
	c := clientOf(t, s.URL)
	var hostile []*nats.Msg
	add := func(change func(m *nats.Msg)) {
		m := goodMessage(1000 + len(hostile))
		change(m)
		hostile = append(hostile, m)
	}
	broken := 0
	add(func(m *nats.Msg) { m.Header = nil })
	add(func(m *nats.Msg) { m.Header, m.Data = nil, nil })
	add(func(m *nats.Msg) { m.Header, m.Data = nil, bytes.Repeat([]byte("x"), 64<<10) }) // no room for a header
	add(func(m *nats.Msg) { m.Header.Set("Pointwire-Retention-Policy", strings.Repeat("y", 60<<10)) })
	add(func(m *nats.Msg) {
		m.Header.Set("Pointwire-Extra", strings.Repeat("y", 60<<10))
		m.Header.Del("Pointwire-Lines")
	})
	add(func(m *nats.Msg) { m.Header.Set("Pointwire-Database", "other") })
	add(func(m *nats.Msg) { m.Header.Set("Pointwire-Database", "%zz") })
	add(func(m *nats.Msg) { m.Header.Set("Pointwire-Database", "d%0d%0aevil") })
	add(func(m *nats.Msg) { m.Header.Set("Pointwire-Precision", "u") }) // version 1 has no word for it
	add(func(m *nats.Msg) { m.Header["Pointwire-Lines"] = []string{"1", "2"} })
	add(func(m *nats.Msg) { m.Header.Set("Nats-Msg-Id", "abc") })
	for _, key := range []string{"Pointwire-Version", "Pointwire-Database", "Pointwire-Retention-Policy", "Pointwire-Precision", "Pointwire-Lines", "Pointwire-Bytes", "Nats-Msg-Id"} {
		add(func(m *nats.Msg) { m.Header.Del(key) })
	}
	for _, key := range []string{"Pointwire-Version", "Pointwire-Precision", "Pointwire-Lines", "Pointwire-Bytes"} {
		for _, v := range []string{"", "-1", "0x1", "99999999999999999999", "zz"} {
			add(func(m *nats.Msg) { m.Header.Set(key, v) })
		}
	}
	foreign := len(hostile)
	for _, change := range []func(m *nats.Msg){
		func(m *nats.Msg) { m.Data = m.Data[:len(m.Data)-3] },
		func(m *nats.Msg) { m.Data = []byte("not gzip") },
		func(m *nats.Msg) { m.Data = nil },
		func(m *nats.Msg) { m.Header.Set("Content-Encoding", "br") },
		func(m *nats.Msg) { m.Header.Set("Pointwire-Lines", "0") },
		func(m *nats.Msg) { m.Header.Set("Pointwire-Bytes", "2147483647") },
	} {
		add(change)
		broken++
	}
	rand.Shuffle(len(hostile), func(i, j int) { hostile[i], hostile[j] = hostile[j], hostile[i] })
	for i, m := range hostile {
		for _, m := range []*nats.Msg{m, goodMessage(i)} {
			if _, err := js.PublishMsg(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{AckWait: 5 * time.Second})
	eventually(t, "all are settled", func() bool { return pending(t, js) == 0 && f.Stats().InFlight == 0 })
	stats := stop()
	if s.count() != len(hostile) || stats.Stored != uint64(len(hostile)) || stats.Foreign != uint64(foreign) || stats.Broken != uint64(broken) {
		t.Errorf("%d good lines stored of %d; %d foreign, %d broken, want %d and %d: %+v", s.count(), len(hostile), stats.Foreign, stats.Broken, foreign, broken, stats)
	}
	// Every one of them is in the dead letters, whole.
	bodies := map[string][]byte{}
	for _, m := range messages(t, js, "dead") {
		if m.Header.Get("Pointwire-Reason") == "" {
			t.Errorf("no reason in %v", m.Header)
		}
		key := m.Header.Get("Pointwire-Sequence")
		bodies[key] = append(bodies[key], m.Data...)
	}
	var left []string
	for _, b := range bodies {
		left = append(left, string(b))
	}
	for _, m := range hostile {
		i := 0
		for i < len(left) && left[i] != string(m.Data) {
			i++
		}
		if i == len(left) {
			t.Errorf("no dead letter for the message of %d bytes with %.300v", len(m.Data), m.Header)
			continue
		}
		left = append(left[:i], left[i+1:]...)
	}
	if len(left) > 0 {
		t.Errorf("%d dead letters too many", len(left))
	}
}

// Dead letters that cannot be published keep the message in the stream.
func TestDeadLetterFull(t *testing.T) {
	js := newCluster(t, 1, 64<<10).connect()
	streams(t, js, 1)
	full := jetstream.StreamConfig{Name: "dead", Subjects: []string{"dead.>"}, MaxMsgs: 1, Discard: jetstream.DiscardNew}
	if _, err := js.UpdateStream(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	js.Publish(t.Context(), "dead.first", nil)
	s := newStore(t)
	c := clientOf(t, s.URL)
	sink := newSink(t, js, pwjetstream.SinkOptions{BatchBytes: 1 << 10})
	w := newWriter(t, c, sink, batch.Options{BatchBytes: 1 << 10})
	appendLines(t, w, 0, 1, "")
	appendLines(t, w, 1, 2, ",bad=1")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{AckWait: time.Second})
	eventually(t, "the message goes back twice", func() bool { return f.Stats().Returned >= 2 })
	if got := f.Stats(); got.Stored+got.Acked.Lines+got.Rejected.Lines != 0 || pending(t, js) != 1 {
		t.Errorf("%+v", got)
	}
	full.MaxMsgs = 10
	if _, err := js.UpdateStream(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is settled", func() bool { return f.Stats().Stored == 1 })
	stats := stop()
	account(t, []pwjetstream.SinkStats{sink.Stats()}, []pwjetstream.ForwarderStats{stats})
	if stats.Rejected.Lines != 1 || stats.Acked.Lines != 1 || len(messages(t, js, "dead")) != 2 {
		t.Errorf("%+v", stats)
	}
}

// Options and streams that would lose lines, or cannot work, are refused with the field.
func TestOptions(t *testing.T) {
	js := newCluster(t, 1, 1<<20).connect()
	streams(t, js, 1)
	c := clientOf(t, "http://127.0.0.1:1")
	none, err := fastclient.New(fastclient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	for i, o := range []jetstream.StreamConfig{
		{MaxAge: time.Hour}, {MaxBytes: 1 << 20}, {MaxMsgs: 1}, {NoAck: true}, {MaxMsgsPerSubject: 1}, {Retention: jetstream.InterestPolicy},
		{MaxMsgSize: 1000}, {MaxBytes: 1 << 20, Discard: jetstream.DiscardNew},
	} {
		o.Name = fmt.Sprint("s", i)
		o.Subjects = []string{o.Name}
		if _, err := js.CreateStream(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		_, err := pwjetstream.NewSink(t.Context(), js, pwjetstream.SinkOptions{Subject: o.Name, BatchBytes: 64 << 10})
		field := ""
		if option, ok := errors.AsType[*pwjetstream.OptionError](err); ok {
			field = option.Field
		}
		want := "SinkOptions.Subject"
		switch i {
		case 6:
			want = "SinkOptions.BatchBytes"
		case 7:
			want = ""
		}
		if field != want || (want == "") != (err == nil) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
	full := pwjetstream.ForwarderOptions{Stream: "points", Durable: "f", DeadLetter: "dead.x"}
	for _, x := range []struct {
		field  string
		change func(o *pwjetstream.ForwarderOptions)
		c      *fastclient.Client
	}{
		{"Stream", func(o *pwjetstream.ForwarderOptions) { o.Stream = "" }, c},
		{"Durable", func(o *pwjetstream.ForwarderOptions) { o.Durable = "" }, c},
		{"DeadLetter", func(o *pwjetstream.ForwarderOptions) { o.DeadLetter = "" }, c},
		{"DeadLetter", func(o *pwjetstream.ForwarderOptions) { o.DeadLetter = "nowhere" }, c},
		{"DeadLetter", func(o *pwjetstream.ForwarderOptions) { o.DeadLetter = "points.dead" }, c},
		{"DeadLetter", func(o *pwjetstream.ForwarderOptions) { o.DeadLetter = "s3" }, c},
		{"Workers", func(o *pwjetstream.ForwarderOptions) { o.Workers = -1 }, c},
		{"AckWait", func(o *pwjetstream.ForwarderOptions) { o.AckWait = 1 }, c},
		{"TryFor", func(o *pwjetstream.ForwarderOptions) { o.TryFor = -1 }, c},
		{"Accept", func(*pwjetstream.ForwarderOptions) {}, none},
	} {
		o := full
		x.change(&o)
		_, err := pwjetstream.NewForwarder(t.Context(), js, x.c, o)
		if option, ok := errors.AsType[*pwjetstream.OptionError](err); !ok || option.Field != "ForwarderOptions."+x.field {
			t.Errorf("%s: %v", x.field, err)
		}
	}
	for _, o := range []pwjetstream.SinkOptions{{Subject: "nowhere"}, {Subject: "points.a"}} { // 1 MiB and a header are too much
		if _, err := pwjetstream.NewSink(t.Context(), js, o); err == nil || !strings.HasPrefix(err.Error(), "pwjetstream: SinkOptions.") {
			t.Error(err)
		}
	}
}

// A batch that does not fit into a message any more is divided.
func TestTooLarge(t *testing.T) {
	cl := newCluster(t, 1, 1<<20)
	js := cl.connect(nats.ReconnectWait(10 * time.Millisecond))
	streams(t, js, 1)
	s := newStore(t)
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "d", Compression: fastclient.Compression{Off: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sink := newSink(t, js, pwjetstream.SinkOptions{BatchBytes: 512 << 10})
	cl.stop(0)
	cl.options[0].MaxPayload = 64 << 10
	cl.start(0)
	eventually(t, "it is connected again", func() bool { return js.Conn().IsConnected() && js.Conn().MaxPayload() == 64<<10 })
	w := newWriter(t, c, sink, batch.Options{BatchBytes: 512 << 10, BatchLines: 1 << 20})
	appendLines(t, w, 0, 10_000, "")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{})
	eventually(t, "all is stored", func() bool { return s.count() == 10_000 && pending(t, js) == 0 && f.Stats().InFlight == 0 })
	account(t, []pwjetstream.SinkStats{sink.Stats()}, []pwjetstream.ForwarderStats{stop()})
	if got := sink.Stats(); got.TooLarge == 0 || w.Stats().Splits == 0 {
		t.Errorf("%+v", got)
	}
}

// FuzzMessage puts any header and body on the stream: whatever it is, it leaves the stream and
// is stored or a dead letter.
func FuzzMessage(f *testing.F) {
	m := goodMessage(1)
	f.Add("Pointwire-Lines", "2", m.Data)
	f.Add("Pointwire-Bytes", "100", []byte("m v=1 1\n"))
	f.Add("Content-Encoding", "zstd", []byte("(\xb5/\xfd"))
	cl := newCluster(f, 1, 1<<20)
	js := cl.connect()
	streams(f, js, 1)
	s := newStore(f)
	c := clientOf(f, s.URL)
	fw, err := pwjetstream.NewForwarder(context.Background(), js, c, pwjetstream.ForwarderOptions{Stream: "points", Durable: "forwarders", DeadLetter: "dead.points", TryFor: 5 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- fw.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		<-ended
	})
	n := 1
	f.Fuzz(func(t *testing.T, key, value string, body []byte) {
		n++
		m := goodMessage(n)
		if strings.ContainsAny(key+value, "\r\n:") || key == "" || strings.HasPrefix(key, "Nats-") {
			return // another message, or a word of the server's
		}
		m.Header.Set(key, value)
		m.Data = body
		before := fw.Stats()
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			return
		}
		eventually(t, "it is settled", func() bool {
			now := fw.Stats()
			return now.Stored+now.Foreign+now.Broken > before.Stored+before.Foreign+before.Broken
		})
	})
}
