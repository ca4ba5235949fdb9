package lifecycle

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

// The life of a connection, step by step.
func TestSteps(t *testing.T) {
	reset := errors.New("reset")
	type told struct {
		at    time.Duration
		event Event
		want  []Effect
		state State
	}
	heated := []told{
		{0, Want{Hot}, []Effect{Start{KeepAlive, 1}, Start{ChainSync, 2}, Start{TxSubmission, 2}}, StHeating},
		{0, Started{KeepAlive, 1}, nil, StHeating},
		{0, Started{TxSubmission, 2}, nil, StHeating},
		{0, Started{ChainSync, 2}, nil, StHot},
	}
	cooling := append(heated[:len(heated):len(heated)],
		told{time.Minute, Want{Warm}, []Effect{Stop{ChainSync, 2}, Stop{TxSubmission, 2}}, StCooling},
		told{time.Minute, Ended{TxSubmission, 2, nil}, nil, StCooling},
	)
	for _, test := range []struct {
		name  string
		first []told
		then  []told
	}{
		{"it cools, is heated anew, and an event of the first spell comes late", cooling, []told{
			{2 * time.Minute, Ended{ChainSync, 2, nil}, nil, StWarm},
			{2 * time.Minute, Want{Hot}, []Effect{Start{ChainSync, 3}, Start{TxSubmission, 3}}, StHeating},
			{2 * time.Minute, Ended{ChainSync, 2, reset}, nil, StHeating},
			{2 * time.Minute, Started{TxSubmission, 2}, nil, StHeating},
		}},
		{"to be heated while it cools waits", cooling, []told{
			{time.Minute, Want{Hot}, nil, StCooling},
			{time.Minute, Ended{ChainSync, 2, nil}, []Effect{Start{ChainSync, 3}, Start{TxSubmission, 3}}, StHeating},
		}},
		{"to be cooled while it heats is remembered", heated[:3], []told{
			{0, Want{Warm}, nil, StHeating},
			{0, Started{ChainSync, 2}, []Effect{Stop{ChainSync, 2}, Stop{TxSubmission, 2}}, StCooling},
		}},
		{"chain-sync cannot be ended for 300 s", cooling, []told{
			{time.Minute + CoolTime - 1, Tick{}, nil, StCooling},
			{time.Minute + CoolTime, Tick{}, []Effect{Close{ErrLate}}, StClosed},
			{time.Hour, Want{Hot}, nil, StClosed},
		}},
		{"a mini-protocol fails", heated, []told{
			{0, Ended{ChainSync, 2, reset}, []Effect{Close{reset}}, StClosed},
			{0, Ended{TxSubmission, 2, reset}, nil, StClosed},
		}},
		{"a hot mini-protocol ends by itself, and the others are ended", heated, []told{
			{0, Ended{TxSubmission, 2, nil}, []Effect{Stop{ChainSync, 2}}, StCooling},
			{0, Ended{ChainSync, 2, nil}, nil, StWarm},
			{0, Want{Hot}, []Effect{Start{ChainSync, 3}, Start{TxSubmission, 3}}, StHeating},
		}},
		{"it is left, one after the other, and used again", heated, []told{
			{0, Want{Cold}, []Effect{Stop{ChainSync, 2}, Stop{TxSubmission, 2}}, StCooling},
			{0, Ended{ChainSync, 2, nil}, nil, StCooling},
			{time.Second, Ended{TxSubmission, 2, nil}, []Effect{Stop{KeepAlive, 1}}, StEnding},
			{time.Second + EndTime - 1, Tick{}, nil, StEnding},
			{time.Second + EndTime - 1, Ended{KeepAlive, 1, nil}, nil, StFresh},
			{time.Hour, Tick{}, nil, StFresh},
			{time.Hour, Want{Warm}, []Effect{Start{KeepAlive, 3}}, StWarm},
		}},
		{"the connection is lost", heated, []told{
			{0, Lost{}, nil, StClosed},
			{0, Ended{ChainSync, 2, reset}, nil, StClosed},
		}},
	} {
		m := New(small)
		for i, s := range append(test.first[:len(test.first):len(test.first)], test.then...) {
			got := m.Step(s.at, s.event)
			if len(got)+len(s.want) > 0 && !reflect.DeepEqual(got, s.want) || m.State() != s.state {
				t.Errorf("%s, step %d: %#v, now %v; want %#v, %v", test.name, i, got, m.State(), s.want, s.state)
			}
		}
	}
}

// The times are cardano-node's. (relay-behaviour, 3.2)
func TestTimes(t *testing.T) {
	if CoolTime != 5*time.Minute || EndTime != 2*time.Minute {
		t.Error(CoolTime, EndTime)
	}
}

// A warm mini-protocol that ends by itself takes the connection with it, and the
// reason says which.
func TestKeepAliveEnds(t *testing.T) {
	m := New(small)
	m.Step(0, Want{Warm})
	effects := m.Step(0, Ended{KeepAlive, 1, nil})
	if len(effects) != 1 {
		t.Fatal(effects)
	}
	c, ok := effects[0].(Close)
	if !ok || !errors.Is(c.Err, ErrEnded) || c.Err.Error() != "keep-alive ended, and the connection cannot do without" {
		t.Error(effects)
	}
}
