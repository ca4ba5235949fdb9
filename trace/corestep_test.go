package trace_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/trace"
)

// decisions records a core among three peers: one with a chain, one with a fork
// of it, and one that is found out. alter, if not nil, changes effects before
// they are recorded.
func decisions(t *testing.T, alter func(step int, effects []byte) []byte) []byte {
	t.Helper()
	var file bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		c := newChain()
		fork := c.Fork(1).Grow(3)
		hs, others := headersOf(c.Blocks()), headersOf(fork.Blocks())
		recorder := trace.NewRecorder(&file, trace.Config{})
		d := recorder.Core("chain")
		step := 0
		record := func(input []byte, effects []chain.Effect) {
			encoded := chain.AppendEffects(nil, effects)
			if alter != nil {
				encoded = alter(step, encoded)
			}
			step++
			if err := d.Step(input, encoded); err != nil {
				t.Error(err)
			}
		}
		for range 2 {
			cfg := chain.Config{K: 2, Salt: 1}
			core, err := chain.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			record(chain.AppendConfig(nil, &cfg), nil)
			begin := time.Now()
			fetched := func(peer chain.PeerID, r chain.RangeID, hs []ledger.Header) (events []chain.Event) {
				for i := range hs {
					events = append(events, chain.BlockFetched{Peer: peer, Range: r, Point: hs[i].Point(), Bytes: 2000})
				}
				return append(events, chain.RangeDone{Peer: peer, Range: r})
			}
			var events []chain.Event
			add := func(more ...chain.Event) { events = append(events, more...) }
			add(chain.PeerConnected{Peer: 1}, chain.Intersected{Peer: 1, Tip: hs[2].Tip()}, chain.RolledBack{Peer: 1, Tip: hs[2].Tip()},
				chain.Headers{Peer: 1, Headers: hs, Tip: hs[2].Tip()})
			add(fetched(1, 1, hs)...)
			add(chain.Consumed{Bytes: 6000}, chain.PeerConnected{Peer: 2},
				chain.Intersected{Peer: 2, Point: hs[1].Point(), Tip: others[4].Tip()},
				chain.Headers{Peer: 2, Headers: others[2:], Tip: others[4].Tip()}, chain.NoBlocks{Peer: 2, Range: 2}, chain.Tick{})
			add(fetched(2, 3, others[2:])...)
			add(chain.RolledBack{Peer: 1, Point: hs[1].Point(), Tip: hs[1].Tip()}, chain.PeerConnected{Peer: 3},
				chain.NoIntersection{Peer: 3}, chain.PeerGone{Peer: 3}, chain.FetchFailed{Peer: 3, Range: 9},
				chain.BadHeader{Peer: 2, Point: others[4].Point(), Err: errors.New("bad signature")},
				chain.Headers{Peer: 1, Headers: others[4:], Tip: others[4].Tip()})
			for _, ev := range events {
				time.Sleep(time.Second)
				now := time.Since(begin)
				record(chain.AppendEvent(nil, now, ev), core.Step(now, ev))
			}
		}
		if err := recorder.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return file.Bytes()
}

func headersOf(blocks []ledger.Block) (hs []ledger.Header) {
	for _, b := range blocks {
		hs = append(hs, b.Header)
	}
	return hs
}

func TestDecodeDecisions(t *testing.T) {
	file := decisions(t, nil)
	out, sum := decode(t, file)
	if sum.Differences != 0 || sum.Steps < 40 {
		t.Errorf("%+v", sum)
	}
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", "decisions.trace"), file, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "decisions.txt", out)
}

// A recording of an earlier day tells the same, and is decided the same.
func TestDecodeOldDecisions(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "decisions.trace"))
	if err != nil {
		t.Fatal(err)
	}
	out, sum := decode(t, file)
	golden(t, "decisions.txt", out)
	if sum.Differences != 0 {
		t.Errorf("%+v", sum)
	}
	all, err := trace.Load(bytes.NewReader(file))
	if err != nil || len(all.Cores) != 1 {
		t.Fatal(all, err)
	}
	if err := all.Cores[0].Replay(nil); err != nil {
		t.Error(err)
	}
}

// Each step with other effects is marked; the later steps are taken all the same.
func TestDecodeDifference(t *testing.T) {
	same, sum := decode(t, decisions(t, nil))
	second := sum.Steps / 2 // where the second run begins
	out, sum := decode(t, decisions(t, func(step int, effects []byte) []byte {
		if at := step % second; at == 4 || at == 5 {
			return append(effects, 0)
		}
		return effects
	}))
	if sum.Differences != 4 || strings.Count(out, "!!") != 4 || !strings.Contains(out, "not the effects that were recorded") {
		t.Errorf("%+v\n%s", sum, out)
	}
	marked := regexp.MustCompile(`(?m)^.*!!.*\n`)
	if marked.ReplaceAllString(out, "") != same {
		t.Errorf("more than the marks is different:\n%s\nwithout differences:\n%s", out, same)
	}
	for i, line := range regexp.MustCompile(`.*!!.*`).FindAllString(out, -1) {
		if first := strings.Contains(line, "about what followed"); first != (i%2 == 0) {
			t.Errorf("difference %d is told as %q", i, line)
		}
	}
}

// What is missing or is of another core is not guessed at.
func TestDecodeOtherSteps(t *testing.T) {
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{})
	d := r.Core("other")
	d.Step([]byte("what only its owner can read"), nil)
	d.Step(chain.AppendEvent(nil, 0, chain.Tick{}), nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	out, sum := decode(t, file.Bytes())
	if sum.Differences != 0 || sum.Steps != 2 || strings.Contains(out, "!!") || !strings.Contains(out, "event of 28 B") {
		t.Errorf("%+v\n%s", sum, out)
	}
	whole := decisions(t, nil)
	for at := 100; at < len(whole); at += 97 {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		if out, sum := decode(t, bad); sum.Differences != 0 {
			t.Fatalf("byte %d: a damaged step counts as a difference:\n%s", at, out)
		}
	}
}
