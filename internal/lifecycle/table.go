package lifecycle

import "time"

// Temperature is how much our side uses a connection.
type Temperature uint8

// The temperatures. Each includes what runs at the one below.
const (
	Cold Temperature = iota // nothing runs; the connection may stay, for the peer
	Warm                    // keep-alive, and peer-sharing if it was agreed on
	Hot                     // chain-sync, block-fetch and tx-submission
)

// String is the word that the network specification uses.
func (t Temperature) String() string { return [...]string{"cold", "warm", "hot"}[t] }

// State is where in its life cycle a connection is.
type State uint8

// The states.
const (
	StFresh   State = iota // nothing of ours runs
	StWarm                 // what is warm runs
	StHeating              // what is hot is being started
	StHot                  // all runs
	StCooling              // what is hot is being ended
	StEnding               // what is warm is being ended
	StClosed               // the connection has ended
	states
)

// String is in lower case, as in logs.
func (s State) String() string {
	return [...]string{"fresh", "warm", "heating", "hot", "cooling", "ending", "closed"}[s]
}

const (
	// CoolTime is how long the hot mini-protocols may take to end, chain-sync
	// because it may have to wait for the peer's next block. (mux, 7)
	CoolTime = 300 * time.Second

	// EndTime is the same for the warm ones. (relay-behaviour, 3.2)
	EndTime = 120 * time.Second
)

// stays are the temperatures of the states in which a connection may stay.
var stays = map[State]Temperature{StFresh: Cold, StWarm: Warm, StHot: Hot}

// edge is a transition. It is taken as soon as its condition holds.
type edge struct {
	from  State
	when  condition
	to    State
	do    action
	group Temperature // Warm or Hot: what when and do are about
}

type condition uint8

const (
	hotter  condition = iota // a higher temperature than that of the state is wanted
	colder                   // a lower one is, or one of the group has ended by itself
	started                  // all of the group that was started is running
	ended                    // none of the group runs
)

type action uint8

const (
	nothing action = iota
	start          // all of the group
	stop           // all of the group that runs
)

// table has all transitions but those to StClosed, which [Machine.Step] takes
// from every state when a mini-protocol fails, a warm one ends by itself, or
// time is over.
//
// To want something else while a group is being started or ended makes no
// difference before that is done.
var table = []edge{
	{StFresh, hotter, StWarm, start, Warm},
	{StWarm, hotter, StHeating, start, Hot},
	{StWarm, colder, StEnding, stop, Warm},
	{StHeating, started, StHot, nothing, Hot},
	{StHot, colder, StCooling, stop, Hot},
	{StCooling, ended, StWarm, nothing, Hot},
	{StEnding, ended, StFresh, nothing, Warm},
}
