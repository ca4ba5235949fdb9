package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/explore"
)

// A job is what the driver of a Machine does about one mini-protocol.
type job uint8

const (
	none     job = iota
	starting     // Start came
	silent       // Started was told, and nothing sent yet
	talking      // the conversation has begun
	unbegun      // Stop came before anything was sent
	ending       // Stop came, and what is owed has to come before Done
)

// What is on the wire of a mini-protocol.
const (
	begin byte = iota + 1
	done
)

// room is how many messages of a mini-protocol may be under way.
const room = 2

// end is one of the two nodes.
type end struct {
	m       Machine
	want    Temperature
	job     [protocols]job
	number  [protocols]Spell // of the job, or of the last one
	answers Set              // the responders that run, asked by the other end
	gone    bool             // has noticed that the connection has ended
}

// world is one situation of both ends and what is between them.
type world struct {
	end    [2]end
	wire   [2][protocols][room]byte // to an end, oldest first
	closed bool
}

// move is what can happen at an end.
type move struct {
	end  uint8
	what what
	p    Protocol
	t    Temperature
}

type what uint8

const (
	arrives  what = iota // a message of p
	begins               // p has started
	talks                // p sends its first message
	finishes             // p was stopped, and has ended
	leaves               // p ends by itself
	fails                // p ends with an error
	wants                // another temperature
	late                 // time is over
	idles                // the connection was not in use here for 5 s
	loses                // the connection has ended, from the other end
)

func (mv move) String() string {
	name := [...]string{"arrives", "begins", "talks", "finishes", "leaves", "fails", "wants", "late", "idles", "loses"}[mv.what]
	switch {
	case mv.what == wants:
		name += " " + mv.t.String()
	case mv.what <= fails:
		name = mv.p.String() + " " + name
	}
	return fmt.Sprintf("%c: %s", 'A'+mv.end, name)
}

// model is two ends of one connection. With duplex, both use it; else A does, and
// B answers.
type model struct {
	cfg    Config
	duplex bool
	depth  int

	table []edge                                        // nil is the right one
	step  func(*Machine, time.Duration, Event) []Effect // nil is the right one
}

var errBroken = errors.New("broken")

func (m model) explore() (*explore.Explored[world, move], error) {
	if m.step == nil {
		m.step = (*Machine).Step
	}
	if m.table == nil {
		m.table = table
	}
	var moves []move
	users := uint8(1)
	if m.duplex {
		users = 2
	}
	for e := range uint8(2) {
		for p := range protocols {
			if !(m.cfg.Warm | m.cfg.Hot).Has(p) {
				continue
			}
			if e < users {
				for w := begins; w <= fails; w++ {
					moves = append(moves, move{end: e, what: w, p: p})
				}
			}
			if 1-e < users {
				moves = append(moves, move{end: e, what: arrives, p: p})
			}
		}
		if e < users {
			for t := Cold; t <= Hot; t++ {
				moves = append(moves, move{end: e, what: wants, t: t})
			}
			moves = append(moves, move{end: e, what: late})
		}
		moves = append(moves, move{end: e, what: idles}, move{end: e, what: loses})
	}
	space := explore.Space[world, move]{
		Start: func() world {
			a := New(m.cfg)
			a.table = m.table
			return world{end: [2]end{{m: a}, {m: a}}}
		},
		Key:   key,
		Moves: moves,
		Take:  m.take,
		Judge: m.judge(moves),
		Over:  func(w *world) bool { return w.end[0].gone && w.end[1].gone },
		Depth: m.depth,
	}
	x, err := space.Explore()
	if err == nil {
		err = x.Endless()
	}
	return x, err
}

// key leaves the numbers of spells out: what happens depends on whether they are
// those of the present alone, which judge looks at.
func key(w *world) string {
	var b []byte
	for i := range w.end {
		e := &w.end[i]
		b = append(b, byte(e.m.state), byte(e.want), byte(e.m.want), byte(e.m.running), byte(e.m.starting), byte(e.answers), bit(e.gone))
		for _, j := range e.job {
			b = append(b, byte(j))
		}
		for _, messages := range w.wire[i] {
			b = append(b, messages[:]...)
		}
	}
	return string(append(b, bit(w.closed)))
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// take makes a move.
func (m model) take(w world, mv move) (world, bool, error) {
	e := &w.end[mv.end]
	if e.gone {
		return w, false, nil
	}
	var err error
	tell := func(ev Event) { err = m.tell(&w, mv.end, 0, ev) }
	number := e.number[mv.p]
	switch j := &e.job[mv.p]; mv.what {
	case wants:
		if e.want == mv.t {
			return w, false, nil
		}
		e.want = mv.t
		tell(Want{mv.t})
	case begins:
		if *j != starting {
			return w, false, nil
		}
		*j = silent
		tell(Started{mv.p, number})
	case talks:
		if *j != silent || !w.send(1-mv.end, mv.p, begin) {
			return w, false, nil
		}
		*j = talking
	case finishes, leaves:
		stopped := *j == unbegun || *j == ending
		if *j == none || *j == starting || stopped != (mv.what == finishes) ||
			(*j == ending || *j == talking) && !w.send(1-mv.end, mv.p, done) {
			return w, false, nil
		}
		if *j = none; m.cfg.Hot.Has(mv.p) && !stopped {
			e.want = min(e.want, Warm)
		}
		tell(Ended{mv.p, number, nil})
	case fails:
		if *j == none {
			return w, false, nil
		}
		*j = none
		tell(Ended{mv.p, number, errBroken})
	case late:
		at, ok := e.m.Deadline()
		if !ok {
			return w, false, nil
		}
		err = m.tell(&w, mv.end, at, Tick{})
	case arrives:
		msg := &w.wire[mv.end][mv.p]
		if msg[0] == 0 || w.closed {
			return w, false, nil
		}
		if e.answers.Has(mv.p) == (msg[0] == begin) {
			return w, true, fmt.Errorf("%v: message %d while the responder runs: %t", mv.p, msg[0], e.answers.Has(mv.p))
		}
		e.answers ^= SetOf(mv.p)
		copy(msg[:], msg[1:])
		msg[room-1] = 0
	case idles:
		if e.answers != 0 || e.job != [protocols]job{} || w.closed {
			return w, false, nil
		}
		w.closed = true
		w.drop(mv.end)
		tell(Lost{})
	case loses:
		if !w.closed {
			return w, false, nil
		}
		w.drop(mv.end)
		tell(Lost{})
	}
	return w, true, err
}

// send puts a message of a mini-protocol on its way to an end, if there is room.
func (w *world) send(to uint8, p Protocol, msg byte) bool {
	messages := &w.wire[to][p]
	i := slices.Index(messages[:], 0)
	if i < 0 {
		return false
	}
	messages[i] = msg
	return true
}

// drop ends all that runs at an end.
func (w *world) drop(i uint8) {
	e := &w.end[i]
	e.gone, e.answers, e.job = true, 0, [protocols]job{}
	w.wire[i] = [protocols][room]byte{}
}

// tell gives a Machine an event and does what it says.
func (m model) tell(w *world, i uint8, now time.Duration, ev Event) error {
	e := &w.end[i]
	over := false
	for _, effect := range m.step(&e.m, now, ev) {
		if over {
			return fmt.Errorf("%#v after the end", effect)
		}
		switch effect := effect.(type) {
		case Start:
			p := effect.Protocol
			switch {
			case e.job[p] != none:
				return fmt.Errorf("%v is started while it runs", p)
			case effect.Spell <= e.number[p]:
				return fmt.Errorf("%v is started with an old number", p)
			}
			e.job[p], e.number[p] = starting, effect.Spell
		case Stop:
			p := effect.Protocol
			if effect.Spell != e.number[p] {
				return fmt.Errorf("%v is stopped with another number", p)
			}
			switch e.job[p] {
			case starting, silent:
				e.job[p] = unbegun
			case talking:
				e.job[p] = ending
			default:
				return fmt.Errorf("%v is stopped and does not run", p)
			}
		case Close:
			if effect.Err == nil {
				return errors.New("closed without a reason")
			}
			over, w.closed = true, true
			w.drop(i)
		}
	}
	return nil
}

// judge returns what says what is wrong with a situation.
func (m model) judge(moves []move) func(*world) error {
	// Those of a driver that does what it is told and a network that works.
	var fair []move
	for _, mv := range moves {
		if mv.what <= finishes {
			fair = append(fair, mv)
		}
	}
	return func(w *world) error {
		for i := range w.end {
			if err := m.judgeEnd(&w.end[i]); err != nil {
				return err
			}
		}
		return m.settles(*w, fair)
	}
}

func (m model) judgeEnd(e *end) error {
	if e.gone != (e.m.State() == StClosed) {
		return fmt.Errorf("gone: %t, and the state is %v", e.gone, e.m.State())
	}
	for p := range protocols {
		if !m.cfg.Hot.Has(p) || e.job[p] == none {
			continue
		}
		if e.job[p] == starting && e.m.State() != StHeating {
			return fmt.Errorf("%v while %v starts", e.m.State(), p)
		}
		for q := range protocols {
			if m.cfg.Warm.Has(q) && (e.job[q] == none || e.job[q] == unbegun || e.job[q] == ending) {
				return fmt.Errorf("%v runs without %v", p, q)
			}
		}
		if e.m.Spell() != e.number[p] {
			return fmt.Errorf("%v of another spell runs", p)
		}
	}
	// What is being ended has a deadline, and only that.
	stopping := false
	for p := range protocols {
		stopping = stopping || e.job[p] == unbegun || e.job[p] == ending
	}
	at, ok := e.m.Deadline()
	if ok != stopping && !e.gone {
		return fmt.Errorf("deadline %v, %t; being ended: %t", at, ok, stopping)
	}
	if ok {
		then := e.m
		if effects := m.step(&then, at, Tick{}); then.State() != StClosed || !slices.Equal(effects, []Effect{Close{ErrLate}}) {
			return fmt.Errorf("too late, it is %v and does %v", then.State(), effects)
		}
	}
	return m.ignores(e.m)
}

// ignores says that a Machine takes no event of a spell that has passed, no Tick
// that is early, and nothing at all once it is closed.
func (m model) ignores(now Machine) error {
	var none []Event
	if at, ok := now.Deadline(); !ok || at > 0 {
		none = append(none, Tick{})
	}
	if now.State() == StClosed {
		none = append(none, Lost{}, Want{Hot}, Want{Cold})
	}
	for p := range protocols {
		for s := Spell(1); s <= now.spells; s++ {
			if now.present(p, s) {
				continue
			}
			none = append(none, Started{p, s}, Ended{p, s, nil}, Ended{p, s, errBroken})
		}
	}
	for _, ev := range none {
		then := now
		if effects := m.step(&then, 0, ev); len(effects) > 0 || then.situation != now.situation {
			return fmt.Errorf("%v in %v does %v and leads to %v", ev, now.state, effects, then.state)
		}
	}
	return nil
}

// settles says that, once all that is under way has come to its end, and nobody
// wants anything else, both ends are at rest at the temperatures wanted, and the
// responders that run are those that the initiators talk to.
func (m model) settles(w world, fair []move) error {
	for again, n := true, 0; again; n++ {
		if again = false; n > 50 {
			return errors.New("never comes to rest")
		}
		for _, mv := range fair {
			next, ok, err := m.take(w, mv)
			if err != nil {
				return fmt.Errorf("at the end: %v: %w", mv, err)
			}
			if ok {
				w, again = next, true
			}
		}
	}
	if w.closed {
		return nil
	}
	for i := range w.end {
		e, peer := &w.end[i], &w.end[1-i]
		if at, rests := stays[e.m.State()]; !rests || at != e.want {
			return fmt.Errorf("%c stays %v and is to be %v", 'A'+i, e.m.State(), e.want)
		}
		var runs Set
		if e.m.State() != StFresh {
			runs |= m.cfg.Warm
		}
		if e.m.State() == StHot {
			runs |= m.cfg.Hot
		}
		for p := range protocols {
			if runs.Has(p) != (e.job[p] == talking) || peer.answers.Has(p) != runs.Has(p) {
				return fmt.Errorf("%c is %v, its job %v is %d, answered: %t", 'A'+i, e.m.State(), p, e.job[p], peer.answers.Has(p))
			}
		}
	}
	return nil
}

var (
	small = Config{Warm: SetOf(KeepAlive), Hot: SetOf(ChainSync, TxSubmission)}
	whole = Config{Warm: SetOf(KeepAlive, PeerSharing), Hot: SetOf(ChainSync, BlockFetch, TxSubmission)}
)

// Both ends of a connection, with all that can be between them, whatever is
// wanted when and whatever ends, fails or is late, in every order. The counts are
// kept, so that nobody explores less without noticing.
func TestModel(t *testing.T) {
	for _, test := range []struct {
		name                string
		m                   model
		states, transitions int
	}{
		{"one side", model{cfg: small}, 9119, 74568},
		{"all mini-protocols", model{cfg: whole, depth: 14}, 61706, 513084},
		{"both sides", model{cfg: Config{Warm: SetOf(KeepAlive), Hot: SetOf(ChainSync)}, duplex: true, depth: 14}, 57047, 446296},
	} {
		x, err := test.m.explore()
		if err != nil || x.States != test.states || x.Transitions != test.transitions {
			t.Errorf("%s: %d situations, %d transitions, %v", test.name, x.States, x.Transitions, err)
		}
	}
}
