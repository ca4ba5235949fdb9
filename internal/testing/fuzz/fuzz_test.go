package fuzz

import (
	"bytes"
	"errors"
	"testing"
)

// What Entry writes is what Go reads: it would refuse the file otherwise.
func TestEntry(t *testing.T) {
	raw := []byte("a\x00\xff\"\n`é")
	file := Entry(raw, uint8(200), true, int64(-3), uint16(7), "text")
	want := "go test fuzz v1\n[]byte(\"a\\x00\\xff\\\"\\n`é\")\nbyte('È')\nbool(true)\nint64(-3)\nuint16(7)\nstring(\"text\")\n"
	if string(file) != want {
		t.Errorf("got\n%s\nwant\n%s", file, want)
	}
	values, err := Values(file)
	if err != nil || len(values) != 6 || !bytes.Equal(values[0], raw) || values[1] != nil || string(values[5]) != "text" {
		t.Errorf("%q, %v", values, err)
	}
	for _, text := range []string{"", "go test fuzz v2\n[]byte(\"\")", version + "\n[]byte(", version + "\n7", version + "\nf(1, 2)"} {
		if _, err := Values([]byte(text)); !errors.Is(err, ErrEntry) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

var keep []byte

func TestBound(t *testing.T) {
	var failed probe
	Bound(&failed, 2<<20, func() { keep = make([]byte, 3<<20) })
	if !failed {
		t.Error("an allocation above the bound was not found")
	}
	Bound(t, 4<<20, func() { keep = make([]byte, 3<<20) })
}

// probe is a test that only notes that it failed.
type probe bool

func (p *probe) Helper()               {}
func (p *probe) Errorf(string, ...any) { *p = true }

// FuzzEntry is there for its corpus, too: Go itself reads what TestEntry wrote.
func FuzzEntry(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte, small uint8, yes bool, number int64, text string) {
		values, err := Values(Entry(raw, small, yes, number, text))
		if err != nil || len(values) != 5 || !bytes.Equal(values[0], raw) || string(values[4]) != text {
			t.Errorf("%q, %v", values, err)
		}
	})
}
