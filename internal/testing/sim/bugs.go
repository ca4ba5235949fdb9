package sim

import (
	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// bug is a fault planted into what is around the cores, to see that an oracle
// finds it. Only tests set one.
type bug uint8

const (
	noBug                   bug = iota
	handedOverTwice             // a block reaches the application twice
	rollbackSwallowed           // the application is not told of a rollback
	rollbackNotTold             // the core is not
	rollbackLostOnReconnect     // a session starts without the rollback to the intersection
	rollbackLostOnSwitch        // a server goes over to another chain without saying so
	rollbackUsesGrant           // a rollback is counted as a header
	partialRange                // a server ends a range before its last block
	refusedAfterStart           // a server answers NoBlocks after a block
	candidateKept               // the core is not told that a connection ended
	reusedPeerID                // a connection takes over the name of the one before
	neverConsumed               // bytes handed over are not given back
	announcedEarly              // headers are served before their bodies are held
	kOffByOne                   // the core's k is one more than the network's
	rangeTooLong                // the core's limit of blocks is one more
	askedTwice                  // a range is sent twice
	cancelUnanswered            // a range cancelled before it was sent is not ended
	doneSwallowed               // the end of a range is not told
	staleGrant                  // what was granted outlives a new intersection
	notDrained                  // an intersection is asked for with replies outstanding
	forgetIgnored               // bodies are kept for ever
	bodyUnchecked               // a body is not checked against its header
	headerUnchecked             // a header is not verified
	preferAny                   // any chain of equal length is taken for better
	neverTick                   // the core's deadlines pass unnoticed
	neverTimedOut               // a silent server is waited for, without end
	resumedStale                // a restart resumes from before the last rollback
	headOfLine                  // headers wait behind blocks of the same connection
	ackOneMore                  // one id more is acknowledged than there is
	txTwice                     // a transaction that came from two peers is delivered twice
	txForgotten                 // one asked from a peer that went is not asked of another
	peerForgotten               // a lost connection is not tried again
	txUnrequested               // replies are not checked against requests
	anyBlockValid               // a judge finds blocks valid that are not
	verdictSwallowed            // what a judge says is not told
	bugs
)

// config returns what n's core starts from.
func (w *world) config(n *node) chain.Config {
	cfg := w.plot.Config(n.index)
	switch w.sc.bug {
	case rangeTooLong:
		cfg.MaxRangeBlocks++
	case preferAny:
		cfg.Prefer = func(ours, cand *ledger.Header) bool { return ours.Hash != cand.Hash }
	}
	return cfg
}
