package chain

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

var update = flag.Bool("update", false, "rewrite the effects in testdata")

// TestScenarios runs testdata/*.txt: one sentence of intent, headers by name,
// then events, each with the effects it must have. See testdata/README.md.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScenario(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("got:\n%s\nwant:\n%s", got, text)
			}
		})
	}
}

type scenario struct {
	*forest
	cfg  Config
	core *Core
	now  time.Duration

	waited time.Duration
}

// runScenario returns the text with the effects that really came.
func runScenario(t *testing.T, text string) string {
	s := &scenario{forest: newForest(), cfg: Config{K: 100, StallTimeout: time.Hour}}
	s.cfg.Prefer = func(_, _ *ledger.Header) bool { return false }
	var out strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		event, isEvent := strings.CutPrefix(line, "> ")
		switch {
		case isEvent:
			if s.core == nil {
				core, err := New(s.cfg)
				if err != nil {
					t.Fatal(err)
				}
				s.core = core
			}
			fmt.Fprintln(&out, line)
			ev, err := s.parseEvent(strings.Fields(event))
			if err != nil {
				t.Fatalf("line %d: %s: %v", i+1, line, err)
			}
			if event == "wait" {
				fmt.Fprintf(&out, "  %v\n", s.waited)
			}
			for _, e := range s.core.Step(s.now, ev) {
				fmt.Fprintf(&out, "  %s\n", s.show(e))
			}
			s.core.check(t)
		case strings.HasPrefix(line, "  "): // an effect
		default:
			fmt.Fprintln(&out, line)
			if err := s.setup(strings.Fields(line)); err != nil {
				t.Fatalf("line %d: %s: %v", i+1, line, err)
			}
		}
	}
	return out.String()
}

func (s *scenario) setup(words []string) error {
	if len(words) == 0 || words[0] == "#" {
		return nil
	}
	switch words[0] {
	case "tree":
		for _, w := range words[1:] {
			if err := s.parse(w); err != nil {
				return err
			}
		}
	case "adopted":
		for _, w := range words[1:] {
			h, err := s.get(w)
			if err != nil {
				return err
			}
			s.cfg.Adopted = append(s.cfg.Adopted, h)
		}
	case "points":
		for _, w := range words[1:] {
			p, err := s.point(w)
			if err != nil {
				return err
			}
			s.cfg.Points = append(s.cfg.Points, p)
		}
	case "prefer": // prefer x y: x to y
		if len(words) != 3 {
			return errors.New("want two blocks")
		}
		x, y, others := words[1], words[2], s.cfg.Prefer
		s.cfg.Prefer = func(ours, cand *ledger.Header) bool {
			return s.name(ours.Point()) == y && s.name(cand.Point()) == x || others(ours, cand)
		}
	case "config":
		for _, w := range words[1:] {
			key, value, _ := strings.Cut(w, "=")
			n, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			field, ok := map[string]*int{
				"k": &s.cfg.K, "lead": &s.cfg.MaxLead, "side": &s.cfg.MaxSideHeaders,
				"bytes": &s.cfg.MaxBytes, "blocks": &s.cfg.MaxRangeBlocks,
				"ranges": &s.cfg.MaxRanges, "fetchpeers": &s.cfg.FetchPeers,
			}[key]
			if key == "judge" {
				s.cfg.Judge = n != 0
			} else if key == "stall" {
				s.cfg.StallTimeout = time.Duration(n) * time.Second
			} else if ok {
				*field = n
			} else {
				return fmt.Errorf("no setting %q", key)
			}
		}
	default:
		return errors.New("unknown line")
	}
	return nil
}

func (s *scenario) parseEvent(w []string) (Event, error) {
	var tip ledger.Tip
	max := 0
	var args []string
	for _, x := range w[1:] {
		if name, ok := strings.CutPrefix(x, "tip="); ok {
			h, err := s.get(name)
			if err != nil {
				return nil, err
			}
			tip = h.Tip()
		} else if n, ok := strings.CutPrefix(x, "max="); ok {
			max, _ = strconv.Atoi(n)
		} else {
			args = append(args, x)
		}
	}
	switch w[0] {
	case "tick":
		d, err := time.ParseDuration(args[0])
		s.now += d
		return Tick{}, err
	case "wait":
		at, ok := s.core.Deadline()
		if !ok {
			return nil, errors.New("nothing to wait for")
		}
		s.waited, s.now = at-s.now, at
		return Tick{}, nil
	case "judged": // judged x verdict, later with a time
		p, err := s.point(args[0])
		ev := Judged{Point: p, Verdict: map[string]Verdict{"valid": Valid, "invalid": Invalid, "impossible": Impossible}[args[1]]}
		switch ev.Verdict {
		case Later:
			ev.Retry, err = time.ParseDuration(args[2])
		case Invalid, Impossible:
			ev.Err = errors.New("wrong")
		}
		return ev, err
	case "consumed":
		n, err := strconv.Atoi(args[0])
		return Consumed{n}, err
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(w[0], "p"), 10, 64)
	if err != nil {
		return nil, err
	}
	peer := PeerID(n)
	var r RangeID
	var p ledger.Point
	if len(args) > 1 {
		if n, err := strconv.ParseUint(args[1], 10, 64); err == nil {
			r = RangeID(n)
		} else if p, err = s.point(args[1]); err != nil {
			return nil, err
		}
	}
	switch args[0] {
	case "connects":
		return PeerConnected{peer, max, 0}, nil
	case "gone":
		return PeerGone{peer}, nil
	case "intersects":
		return Intersected{peer, p, tip}, nil
	case "no-intersection":
		return NoIntersection{peer, tip}, nil
	case "rolls-back":
		return RolledBack{peer, p, tip}, nil
	case "bad-header":
		return BadHeader{peer, p, errors.New("signature")}, nil
	case "headers":
		ev := Headers{Peer: peer, Tip: tip}
		for _, name := range args[1:] {
			h, err := s.get(name)
			if err != nil {
				return nil, err
			}
			ev.Headers = append(ev.Headers, h)
		}
		if tip == (ledger.Tip{}) {
			ev.Tip = ev.Headers[len(ev.Headers)-1].Tip()
		}
		return ev, nil
	case "block":
		p, err := s.point(args[2])
		return BlockFetched{peer, r, p, 1000}, err
	case "done":
		return RangeDone{peer, r}, nil
	case "no-blocks":
		return NoBlocks{peer, r}, nil
	case "failed":
		return FetchFailed{peer, r}, nil
	}
	return nil, fmt.Errorf("unknown event %q", args[0])
}
