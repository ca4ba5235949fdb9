package interop_test

import (
	"bytes"
	"cmp"
	"flag"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

// volatile is what differs from run to run: times, ports, cookies and how the
// ends are reported; and whether a request came ahead of an answer.
var volatile = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?m)^ *\d+\.\d+ `), "T "},
	{regexp.MustCompile(` \+[0-9.]+[µmn]?s\b *`), " "},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`cookie \d+`), "cookie N"},
	{regexp.MustCompile(`(MsgKeepAlive(?:Response)? +)\d+ B`), "${1}n B"},
	{regexp.MustCompile(`pipelined`), "StIdle   "},
	{regexp.MustCompile(`(?m)^( *\d+ = .*messages), \d+ bytes$`), "$1"},
	{regexp.MustCompile(`ended: .*`), "ended"},
	{regexp.MustCompile(`(?m) +$`), ""},
	{regexp.MustCompile(` {2,}`), "  "},
}

// stable makes decoded output the same in every run: what travels in one
// direction of one mini-protocol has an order, the rest is put in one.
func stable(out string) string {
	for _, v := range volatile {
		out = v.re.ReplaceAllString(out, v.with)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	stream := func(line string) string {
		f := strings.Fields(line)
		if len(f) < 4 || f[2] == "=" {
			return ""
		}
		return f[3] + f[2]
	}
	slices.SortStableFunc(lines, func(a, b string) int { return cmp.Compare(stream(a), stream(b)) })
	return strings.Join(lines, "\n") + "\n"
}

// checkDecoded compares what the decoder says of a recording with a golden
// file.
func checkDecoded(t *testing.T, name string, file []byte) *trace.Conn {
	t.Helper()
	var out strings.Builder
	sum, err := trace.Decode(bytes.NewReader(file), &out)
	if err != nil || sum.Violations != 0 || sum.Truncated != 0 {
		t.Errorf("%+v, %v\n%s", sum, err, out.String())
	}
	got, path := stable(out.String()), filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		// Seeds of fuzz targets are cut out of it: see internal/testing/fuzz.
		if err := os.WriteFile(strings.TrimSuffix(path, ".txt")+".trace", file, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	rec, err := trace.Load(bytes.NewReader(file))
	if err != nil || len(rec.Conns) != 1 {
		t.Fatalf("%d connections, %v", len(rec.Conns), err)
	}
	return rec.Conns[0]
}

// takeAll takes the headers and then the blocks of a chain.
func takeAll(t *testing.T, c *node.Conn, chain []ledger.Block) error {
	n := 0
	for u, err := range c.ChainSync().Updates(t.Context()) {
		if err != nil {
			return err
		}
		if _, ok := u.(chainsync.RollForward); ok {
			if n++; n == len(chain) {
				break
			}
		}
	}
	for _, err := range c.BlockFetch().Fetch(t.Context(), wants(chain)) {
		if err != nil {
			return err
		}
	}
	return nil
}

// What their server says to our client, replayed: our client asks for the same
// again. Keep-alive is left out, since its cookies are drawn anew.
func TestReplayTheirServer(t *testing.T) {
	chain := generate(10, 3000)
	s := theirServer(t, peer.ServerConfig{Chain: peer.NewChain(chain)})
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{})
	cfg := config()
	cfg.KeepAlive = time.Hour // so that there is one, however long it all takes
	cfg.Mux.Record = r.Record
	pinged := make(chan struct{}, 1)
	cfg.Observer.RoundTrip = func(*node.Conn, time.Duration) { pinged <- struct{}{} }
	c := ourClient(t, s.Addr(), cfg)
	<-pinged
	if err := takeAll(t, c, chain); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	conn := checkDecoded(t, "their-server.txt", file.Bytes())
	replay := func(t *testing.T, chain []ledger.Block) error {
		return trace.Replay{Skip: []uint16{8}}.Run(conn, func(bearer net.Conn) error {
			c, err := node.Handshake(t.Context(), bearer, protocol.Initiator, config())
			if err != nil {
				return err
			}
			defer c.Close()
			return takeAll(t, c, chain)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		if err := replay(t, chain); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if err := replay(t, chain[1:]); err == nil {
			t.Error("asking for other blocks was not found")
		}
	})
}

// What their client says to our server, replayed: our server answers the same,
// keep-alives included.
func TestReplayTheirClient(t *testing.T) {
	chain := generate(10, 3000)
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{})
	cfg := config()
	cfg.Sources = sources(peer.NewChain(chain))
	cfg.Mux.Record = r.Record
	address, conns := ourServer(t, cfg)
	c := theirClient(t, address, peer.ClientConfig{})
	ours := <-conns
	if _, err := c.KeepAlive(limited(t)); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{3, 10} {
		if err := c.Fetch(limited(t), peer.Ranges(chain, size), func(ledger.RawBlock) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	<-ours.Done()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	conn := checkDecoded(t, "their-client.txt", file.Bytes())
	replay := func(t *testing.T, chain []ledger.Block) error {
		return trace.Replay{}.Run(conn, func(bearer net.Conn) error {
			cfg := config()
			cfg.Sources = sources(peer.NewChain(chain))
			c, err := node.Handshake(t.Context(), bearer, protocol.Responder, cfg)
			if err != nil {
				return err
			}
			<-c.Done()
			return c.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		if err := replay(t, chain); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if err := replay(t, chain[:9]); err == nil {
			t.Error("a block less was not found")
		}
	})
}
