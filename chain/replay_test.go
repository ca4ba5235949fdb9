package chain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// decision is a recorded step.
type decision struct{ input, effects []byte }

// story records what a core decides among random peers, restarts included.
func story(t testing.TB, seed uint64, steps int) (decisions []decision) {
	record := func(input, effects []byte) { decisions = append(decisions, decision{input, effects}) }
	for run := range uint64(2) {
		w := newWorld(t, seed+run, worldConfig(seed))
		cfg := worldConfig(seed)
		record(AppendConfig(nil, &cfg), AppendEffects(nil, nil))
		w.record = record
		w.run(steps)
	}
	return decisions
}

// replay returns the first step whose effects differ, -1 if none does.
func replay(t testing.TB, r *Replayer, steps []decision) int {
	t.Helper()
	for i, s := range steps {
		effects, err := r.Step(s.input)
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if !bytes.Equal(effects, s.effects) {
			return i
		}
	}
	return -1
}

func TestReplayStories(t *testing.T) {
	for seed := range uint64(30) {
		steps := story(t, seed, 800)
		if len(steps) < 200 {
			t.Fatalf("only %d steps", len(steps))
		}
		if at := replay(t, new(Replayer), steps); at >= 0 {
			t.Errorf("seed %d: step %d of %d has other effects than it had", seed, at, len(steps))
		}
	}
}

// Whatever starts a core differently shows in its steps.
func TestReplayFindsDifference(t *testing.T) {
	steps := story(t, 1, 800)
	for name, change := range map[string]func(*Config){
		"k":        func(cfg *Config) { cfg.K++ },
		"MaxLead":  func(cfg *Config) { cfg.MaxLead = 3 },
		"MaxBytes": func(cfg *Config) { cfg.MaxBytes /= 4 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := worldConfig(1)
			change(&cfg)
			other := append([]decision{{AppendConfig(nil, &cfg), steps[0].effects}}, steps[1:]...)
			if at := replay(t, new(Replayer), other); at < 1 {
				t.Error("no difference found")
			}
		})
	}
}

// A core that decides differently is told of blocks that it did not ask for, and of
// ranges that it has given other numbers. It takes all steps all the same.
func TestReplayGoesOn(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"k":          func(cfg *Config) { cfg.K++ },
		"MaxLead":    func(cfg *Config) { cfg.MaxLead = 3 },
		"MaxBytes":   func(cfg *Config) { cfg.MaxBytes /= 4 },
		"FetchPeers": func(cfg *Config) { cfg.FetchPeers = 3 },
		"Salt":       func(cfg *Config) { cfg.Salt++ },
	} {
		differ := 0
		for seed := range uint64(10) {
			var r Replayer
			for i, s := range story(t, seed, 400) {
				input := s.input
				if in, err := ParseInput(input); err != nil {
					t.Fatal(err)
				} else if in.Config != nil {
					change(in.Config)
					input = AppendConfig(nil, in.Config)
				}
				effects, err := r.Step(input)
				if err != nil {
					t.Fatalf("%s, seed %d, step %d: %v", name, seed, i, err)
				}
				if r.Core().check(t); !bytes.Equal(effects, s.effects) {
					differ++
				}
			}
		}
		if differ < 10 {
			t.Errorf("%s: only %d steps differ", name, differ)
		}
	}
}

// A core that began with headers, or with points, begins with them again; and
// the caller's Prefer is the one that decides.
func TestReplayStarts(t *testing.T) {
	hs := line(8)
	rival := hs[7]
	rival.Hash[31] = 9
	for name, cfg := range map[string]Config{
		"adopted": {K: 3, Anchor: hs[0].Tip(), Adopted: hs[1:6]},
		"points":  {K: 3, Points: []ledger.Point{hs[5].Point(), hs[2].Point(), ledger.Origin}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Prefer = func(_, _ *ledger.Header) bool { return true }
			core, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			steps := []decision{{AppendConfig(nil, &cfg), AppendEffects(nil, nil)}}
			for _, ev := range []Event{
				PeerConnected{Peer: 1}, Intersected{1, hs[5].Point(), hs[7].Tip()}, RolledBack{1, hs[5].Point(), hs[7].Tip()},
				Headers{1, hs[6:], hs[7].Tip()},
				BlockFetched{1, 1, hs[6].Point(), 900}, BlockFetched{1, 1, hs[7].Point(), 900}, RangeDone{1, 1},
				PeerConnected{Peer: 2}, Intersected{2, core.tree.points()[0], rival.Tip()},
				RolledBack{2, hs[5].Point(), rival.Tip()}, Headers{2, []ledger.Header{hs[6], rival}, rival.Tip()},
			} {
				steps = append(steps, decision{AppendEvent(nil, 5, ev), AppendEffects(nil, core.Step(5, ev))})
			}
			r := &Replayer{Prefer: cfg.Prefer}
			if at := replay(t, r, steps); at >= 0 {
				t.Errorf("step %d has other effects than it had", at)
			}
			if r.Core().Tip() != core.Tip() || r.Core().Tip().BlockNo != 7 {
				t.Errorf("at %v, not %v", r.Core().Tip(), core.Tip())
			}
			if at := replay(t, new(Replayer), steps); at != len(steps)-1 {
				t.Errorf("without Prefer: difference at %d of %d", at, len(steps))
			}
		})
	}
}

func TestReplayRefuses(t *testing.T) {
	r := new(Replayer)
	if _, err := r.Step(AppendEvent(nil, 0, Tick{})); !errors.Is(err, ErrNoConfig) {
		t.Errorf("got %v", err)
	}
	if _, err := r.Step(AppendConfig(nil, &Config{})); err == nil || r.Core() != nil {
		t.Error("a Config that New refuses is taken")
	}
	if _, err := r.Step([]byte("?")); err == nil {
		t.Error("any bytes are taken")
	}
}

// A recording may come from anybody: short inputs must not make for a step, or
// for a core, of any size.
func TestReplayIsBounded(t *testing.T) {
	points := make([]ledger.Point, MaxPoints+1)
	for i := range points {
		points[i] = ledger.Point{Slot: ledger.Slot(len(points) - i), Hash: ledger.Hash{1}}
	}
	r := new(Replayer)
	if _, err := r.Step(AppendConfig(nil, &Config{K: 5, Points: points})); err == nil {
		t.Error("any number of points is taken")
	}
	if _, err := r.Step(AppendConfig(nil, &Config{K: 5, Points: points[1:]})); err != nil {
		t.Fatal(err)
	}
	var offered []ledger.Point
	for id := range PeerID(maxReplayPeers) {
		_, effects, err := r.StepDecoded(AppendEvent(nil, 0, PeerConnected{Peer: id}))
		if err != nil || len(effects) != 1 {
			t.Fatalf("peer %d: %v, %v", id, effects, err)
		}
		find := effects[0].(FindIntersect)
		if len(find.Points) == 0 || offered != nil && &find.Points[0] != &offered[0] {
			t.Fatalf("peer %d: points of its own", id)
		}
		offered = find.Points
	}
	if _, err := r.Step(AppendEvent(nil, 0, PeerConnected{Peer: maxReplayPeers})); err == nil {
		t.Error("any number of peers is taken")
	}
}

// FuzzReplay takes inputs, each with two bytes of length before it. None may
// break the core, and what can be read is what is written.
func FuzzReplay(f *testing.F) {
	join := func(inputs ...[]byte) (all []byte) {
		for _, b := range inputs {
			all = append(binary.BigEndian.AppendUint16(all, uint16(len(b))), b...)
		}
		return all
	}
	for seed := range uint64(5) {
		var inputs [][]byte
		for _, s := range story(f, seed, 20+20*int(seed)) {
			inputs = append(inputs, s.input)
		}
		f.Add(join(inputs...))
	}
	begin := AppendConfig(nil, &Config{K: 2})
	resumed := AppendConfig(nil, &Config{K: 2, Points: []ledger.Point{pointB, pointA}})
	for _, ev := range allEvents {
		f.Add(join(begin, AppendEvent(nil, 1, ev)))
	}
	f.Add(join(AppendConfig(nil, &fullConfig), resumed, AppendEvent(nil, 1, PeerConnected{1, 2, 3})))
	f.Fuzz(func(t *testing.T, in []byte) {
		var r Replayer
		for len(in) >= 2 {
			n := min(int(binary.BigEndian.Uint16(in)), len(in)-2)
			b := in[2 : 2+n]
			in = in[2+n:]
			if _, err := r.Step(b); err == nil {
				r.Core().check(t)
			}
			once, err := ParseInput(b)
			if err != nil || once.Config == nil && once.Event == nil {
				continue
			}
			again, err := ParseInput(encode(once))
			if err != nil || !bytes.Equal(encode(again), encode(once)) {
				t.Fatalf("%x becomes %x: %v", b, encode(once), err)
			}
		}
	})
}

func encode(in Input) []byte {
	if in.Config != nil {
		return AppendConfig(nil, in.Config)
	}
	return AppendEvent(nil, in.Now, in.Event)
}
