package trace_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

var cookies = regexp.MustCompile(`cookie \d+`)
var cookieBytes = regexp.MustCompile(`(keep-alive: \d+ messages), \d+ bytes`)
var cookieSize = regexp.MustCompile(`(MsgKeepAlive(?:Response)? +)\d+ B`)

// normal takes out what is random.
func normal(s string) string {
	s = cookieSize.ReplaceAllString(cookies.ReplaceAllString(s, "cookie N"), "${1}n B")
	return cookieBytes.ReplaceAllString(s, "$1, n bytes")
}

// asks is a request for a header: whether it is sent ahead of the answer to the
// one before depends on how goroutines are scheduled.
var asks = regexp.MustCompile(`(?:StIdle   |pipelined) (.*MsgRequestNext .*B)(?: *\+0s)?`)

// anyOrder takes out what scheduling decides in a conversation that was just
// recorded.
func anyOrder(s string) string {
	lines := strings.Split(asks.ReplaceAllString(s, "$1"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenAs(t, name, got, func(s string) string { return s })
}

// goldenAs compares what view makes of both.
func goldenAs(t *testing.T, name, got string, view func(string) string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if view(got) != view(string(want)) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func decode(t *testing.T, file []byte) (string, trace.Summary) {
	t.Helper()
	var out strings.Builder
	sum, err := trace.Decode(bytes.NewReader(file), &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), sum
}

func TestDecode(t *testing.T) {
	file := recording(t, protocol.Initiator, trace.Config{})
	out, sum := decode(t, file)
	goldenAs(t, "conversation.txt", normal(out), anyOrder)
	if sum.Violations != 0 || sum.Truncated != 0 || sum.Damaged != 0 || sum.Connections != 1 {
		t.Errorf("%+v", sum)
	}
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", "conversation.trace"), file, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// The file in the repository stays readable whatever becomes of the code.
func TestDecodeOldFile(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "conversation.trace"))
	if err != nil {
		t.Fatal(err)
	}
	out, _ := decode(t, file)
	golden(t, "conversation.txt", normal(out))
}

// A capture tells the same as a recording of our own format.
func TestCapture(t *testing.T) {
	out, sum := decode(t, recording(t, protocol.Initiator, trace.Config{Pcapng: true}))
	goldenAs(t, "capture.txt", normal(out), anyOrder)
	if sum.Violations != 0 || sum.Messages == 0 {
		t.Errorf("%+v", sum)
	}
}
