package trace_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/trace"
)

// kept reads a recording below testdata.
func kept(t *testing.T, name ...string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// cut returns the head of a recording and its records.
func cut(file []byte) (head []byte, records [][]byte) {
	head, file = file[:20], file[20:]
	for len(file) > 0 {
		n := 12 + binary.BigEndian.Uint32(file[4:])
		records, file = append(records, file[:n:n]), file[n:]
	}
	return head, records
}

// sealedRecord makes a record of a kind and all that is behind its checksum.
func sealedRecord(kind trace.Kind, body []byte) []byte {
	r := binary.BigEndian.AppendUint32([]byte{0xc5, 0x7e, byte(kind), 0}, uint32(len(body)))
	r = slices.Concat(r, make([]byte, 4), body)
	trace.Seal(r)
	return r
}

var unknownLine = regexp.MustCompile(`(?m)^.*known here.*\n`)

// Whatever a later version adds to a recording, records of other kinds and fields
// behind those of records, the rest is read the same, and what is left out is
// counted and is no damage.
func TestLaterRecords(t *testing.T) {
	for _, name := range []string{"conversation.trace", "decisions.trace"} {
		file := kept(t, name)
		want, sum := decode(t, file)
		loaded, err := trace.Load(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(20) {
			random := rand.New(rand.NewPCG(seed, 0))
			some := func() []byte {
				b := make([]byte, random.IntN(4)*random.IntN(20))
				for i := range b {
					b[i] = byte(random.Uint32())
				}
				return b
			}
			later, records := cut(file)
			later = bytes.Clone(later)
			added := 0
			for _, r := range records {
				if random.IntN(3) == 0 {
					body := slices.Concat(r[12:32], some()) // of the same time, ID and number
					later = append(later, sealedRecord(trace.Finished+1+trace.Kind(random.IntN(246)), body)...)
					added++
				}
				switch kind := trace.Kind(r[2]); kind {
				case trace.Opened, trace.Truncated, trace.Finished:
					more := some()
					r = sealedRecord(kind, slices.Concat(r[12:], more))
					added += min(len(more), 1)
				}
				later = append(later, r...)
			}
			out, got := decode(t, later)
			if got.Unknown != added || got.Damaged > 0 {
				t.Fatalf("%s, seed %d: %d records added, %+v", name, seed, added, got)
			}
			if n := len(unknownLine.FindAllString(out, -1)); n != added {
				t.Errorf("%s, seed %d: %d records added, %d lines about them:\n%s", name, seed, added, n, out)
			}
			got.Unknown = 0
			if got != sum || unknownLine.ReplaceAllString(out, "") != want {
				t.Fatalf("%s, seed %d: %+v, want %+v:\n%s", name, seed, got, sum, out)
			}
			all, err := trace.Load(bytes.NewReader(later))
			if err != nil || all.Unknown != added {
				t.Fatal(all.Unknown, err)
			}
			all.Unknown = 0
			if !reflect.DeepEqual(all, loaded) {
				t.Fatalf("%s, seed %d: the recording is loaded as another one", name, seed)
			}
		}
	}
}

// No version writes records of kind 0 or 255; and what is known may not be
// shorter.
func TestDamagedRecords(t *testing.T) {
	body := make([]byte, 20)
	for name, record := range map[string][]byte{
		"kind 0":                   sealedRecord(0, body),
		"kind 255":                 sealedRecord(trace.Damaged, body),
		"unknown kind, too short":  sealedRecord(100, body[:19]),
		"opened by one side":       sealedRecord(trace.Opened, append(bytes.Clone(body), 0, 0)),
		"step without its effects": sealedRecord(trace.Stepped, append(bytes.Clone(body), make([]byte, 31)...)),
	} {
		r, err := trace.NewReader(bytes.NewReader(slices.Concat(trace.FileHead, record)))
		if err != nil {
			t.Fatal(err)
		}
		if rec, err := r.Next(); err != nil || rec.Kind != trace.Damaged || rec.Number != uint64(len(record)) {
			t.Errorf("%s: %+v, %v", name, rec, err)
		}
		if rec, err := r.Next(); err != io.EOF {
			t.Errorf("%s: %+v, %v", name, rec, err)
		}
	}
}

// laterSteps makes each input of a core longer, and puts events of an unknown kind
// between them.
func laterSteps(t *testing.T, c *trace.Core) (fields, events int) {
	t.Helper()
	var steps []trace.Step
	for _, s := range c.Steps {
		more := []byte{0x63, 'n', 'e', 'w'}
		switch {
		case s.Input[0] == 0x8f: // a Config, which may leave out its last field
			s.Input[0]++
			more = append([]byte{0xf4}, more...)
		case s.Input[0] == 0x84 && s.Input[1] == 1: // PeerConnected, which may, too
			s.Input = slices.Concat([]byte{0x85}, s.Input[1:], []byte{0})
		}
		s.Input = slices.Concat([]byte{s.Input[0] + 1}, s.Input[1:], more)
		steps = append(steps, s)
		fields++
		if s.Number%3 == 0 {
			other := s
			other.Input = []byte{0x83, 0x18, 200, 7, 0x80}
			other.Effects[0]++
			steps = append(steps, other)
			events++
		}
	}
	for i := range steps {
		steps[i].Number = uint64(i)
	}
	c.Steps = steps
	return fields, events
}

// A core of today takes what it knows of the steps that a later version recorded,
// and says what it left out.
func TestLaterSteps(t *testing.T) {
	all, err := trace.Load(bytes.NewReader(kept(t, "decisions.trace")))
	if err != nil {
		t.Fatal(err)
	}
	c := all.Cores[0]
	fields, events := laterSteps(t, c)
	told := 0
	for e := range c.Compare(nil) {
		var unknown *chain.UnknownInputError
		if !errors.As(e, &unknown) || e.Got != nil {
			t.Fatalf("step %d differs: %v", e.Step, e)
		}
		told++
		switch {
		case unknown.Kind == 200 && unknown.Fields == 0:
			events--
		case unknown.Fields == 1:
			fields--
		}
	}
	if fields != 0 || events != 0 || told < 50 {
		t.Errorf("%d fields and %d events were left out without a word, or twice", fields, events)
	}
	var first *trace.StepError
	if err := c.Replay(nil); !errors.As(err, &first) || !errors.Is(err, errors.ErrUnsupported) || first.Step != 0 {
		t.Errorf("the replay ends with %v", err)
	}
	// A difference is worse.
	at := len(c.Steps) / 2
	for c.Steps[at].Input[1] == 0x18 {
		at++
	}
	c.Steps[at].Effects[0]++
	if err := c.Replay(nil); !errors.As(err, &first) || errors.Is(err, errors.ErrUnsupported) || first.Step != uint64(at) || first.Got == nil {
		t.Errorf("the replay ends with %v, want a difference at step %d", err, at)
	}

	// The same in print.
	c.Steps[at].Effects[0]--
	var file bytes.Buffer
	file.Write(trace.FileHead)
	record := func(kind trace.Kind, number uint64, rest ...[]byte) {
		body := binary.BigEndian.AppendUint64(append(make([]byte, 8), 0, 0, 0, 1), number)
		file.Write(sealedRecord(kind, append(body, slices.Concat(rest...)...)))
	}
	record(trace.CoreBegun, 0, []byte("chain"))
	for _, s := range c.Steps {
		record(trace.Stepped, s.Number, s.Effects[:], s.Input)
	}
	out, sum := decode(t, file.Bytes())
	if sum.Unknown != len(c.Steps) || sum.Differences > 0 || sum.Steps != len(c.Steps) || strings.Contains(out, "!!") {
		t.Errorf("%+v\n%s", sum, out)
	}
	for _, want := range []string{"at 7ns an event of kind 200, which is not known here: left out", "(fields not known here and left out: 1)", "adopt "} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing is said as %q:\n%s", want, out)
		}
	}
}

// A comparison goes on after a difference, stops when nobody listens, and ends
// when the core can take no more.
func TestCompare(t *testing.T) {
	all, err := trace.Load(bytes.NewReader(kept(t, "decisions.trace")))
	if err != nil {
		t.Fatal(err)
	}
	c := all.Cores[0]
	for range c.Compare(nil) {
		t.Fatal("something differs")
	}
	for _, at := range []int{3, 4, 9} {
		c.Steps[at].Effects[0]++
	}
	differences := func() (at []int) {
		for e := range c.Compare(nil) {
			at = append(at, int(e.Step))
			if (e.Got == nil) != (e.Err != nil) || !bytes.Equal(e.Input, c.Steps[e.Step].Input) {
				t.Errorf("%+v", e)
			}
		}
		return at
	}
	if got := differences(); !slices.Equal(got, []int{3, 4, 9}) {
		t.Errorf("steps %v differ", got)
	}
	for e := range c.Compare(nil) {
		if e.Step != 3 {
			t.Errorf("step %d", e.Step)
		}
		break
	}
	c.Steps[5].Input = []byte("?")
	if got := differences(); !slices.Equal(got, []int{3, 4, 5}) {
		t.Errorf("steps %v are told of", got)
	}
	// No effects and no error are effects, too.
	n := 0
	for e := range c.Compare(silent{}) {
		if n++; e.Err != nil {
			t.Errorf("step %d: %v", e.Step, e)
		}
	}
	if n != len(c.Steps) {
		t.Errorf("%d steps of %d differ from nothing", n, len(c.Steps))
	}
}

// silent is a core that does nothing.
type silent struct{}

func (silent) Step([]byte) ([]byte, error) { return nil, nil }

func TestKnownKinds(t *testing.T) {
	for k := range 256 {
		kind := trace.Kind(k)
		if want := k >= 1 && k <= 8 || kind == trace.Damaged; kind.Known() != want {
			t.Errorf("kind %d: %t", k, kind.Known())
		}
	}
}

// The recording of a relay of commit d12933a is read whole, and each of its steps
// is taken. With one peer, the core of today decides as that one did; with
// several, it does not wait ten seconds for a peer that is late, and that is told
// step by step.
func TestOldRecording(t *testing.T) {
	file := kept(t, "d12933a", "relay.trace")
	out, sum := decode(t, file)
	differences := sum.Differences
	if sum.Differences = 0; sum != (trace.Summary{Connections: 6, Messages: 267, Bytes: 63012, Steps: 145}) {
		t.Errorf("%+v", sum)
	}
	all, err := trace.Load(bytes.NewReader(file))
	if err != nil || len(all.Conns) != 6 || len(all.Cores) != 1 || all.Unknown > 0 || all.Damaged > 0 {
		t.Fatalf("%d connections, %d cores, %v", len(all.Conns), len(all.Cores), err)
	}
	for _, c := range all.Conns {
		if !c.Ended || c.Truncated {
			t.Errorf("the connection to %s has no end", c.Remote)
		}
	}

	var second uint64 // where the second run begins, with several peers
	for _, s := range all.Cores[0].Steps {
		in, err := chain.ParseInput(s.Input)
		if err != nil || in.Unknown != nil {
			t.Fatalf("step %d: %v, %v", s.Number, in.Unknown, err)
		}
		// What was not set is what it stood for then: one peer to fetch from.
		if in.Config != nil && in.Config.FetchPeers != 1 {
			t.Errorf("step %d: FetchPeers is %d", s.Number, in.Config.FetchPeers)
		}
		if in.Config != nil {
			second = s.Number
		}
	}
	n := 0
	for e := range all.Cores[0].Compare(nil) {
		n++
		if e.Err != nil || e.Step <= second {
			t.Errorf("step %d: %v", e.Step, e)
		}
	}
	if n < 2 || n != differences || strings.Count(out, "!!") != n {
		t.Errorf("%d steps differ, Decode counts %d and marks %d", n, differences, strings.Count(out, "!!"))
	}
}
