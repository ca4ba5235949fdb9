package main

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// event is something to tell: text for people, the other fields for programs.
// With -json each is one line. Units are in the names; a slot, block or hash
// that is not there is not known.
type event struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"`

	// Of start.
	Network string   `json:"network,omitempty"`
	Magic   uint32   `json:"magic,omitempty"`
	Listen  string   `json:"listen,omitempty"`
	Submit  string   `json:"submit,omitempty"`       // HOST:PORT of the endpoint for transactions
	First   *uint64  `json:"first_slot,omitempty"`   // of a folder that does not begin at the origin; also of dropped
	Inbound int      `json:"max_inbound,omitempty"`  // connections that others may open
	Needed  int      `json:"files_needed,omitempty"` // open at a time, connections among them
	Files   int      `json:"files_limit,omitempty"`  // that the process may open
	Follow  []string `json:"follow,omitempty"`

	// Also of start: what is verified of what peers send, and what is not.
	Verified    []string `json:"verified,omitempty"`
	NotVerified []string `json:"not_verified,omitempty"`

	// Of a peer: connected, lost, stopped, served, left; block, submitted.
	Peer    string  `json:"peer,omitempty"`
	Version uint16  `json:"version,omitempty"`
	Blame   bool    `json:"blame,omitempty"` // the peer broke a rule
	Retry   float64 `json:"retry_s,omitempty"`

	// Of the chain: start, block, rollback, tip, status, end.
	Block *uint64  `json:"block,omitempty"`
	Slot  *uint64  `json:"slot,omitempty"`
	Hash  string   `json:"hash,omitempty"`
	Size  int      `json:"size,omitempty"`    // bytes of a block or transaction
	Delay *float64 `json:"delay_s,omitempty"` // of block: from the start of its slot until it was stored and announced
	Txs   *int     `json:"txs,omitempty"`     // of block: its transactions
	Left  float64  `json:"left_s,omitempty"`  // of resuming: how long the other headers of the folder take
	Tx    string   `json:"tx,omitempty"`      // of submitted: the id

	*status

	// Of recorded: the file, its size in bytes, and how many connections, or
	// the decisions, are in it only in part.
	File      string `json:"file,omitempty"`
	Recorded  int64  `json:"recorded_bytes,omitempty"`
	Truncated int    `json:"truncated,omitempty"`

	// Of log_level: those in force, as the flag takes them.
	Levels string `json:"log_level,omitempty"`

	// Of demo_end.
	FollowerBlocks int    `json:"follower_blocks,omitempty"`
	FollowerBytes  int    `json:"follower_bytes,omitempty"`
	RelayedTxs     *int64 `json:"relayed_txs,omitempty"`

	Error string `json:"error,omitempty"`

	text  string
	quiet bool // only for programs, or the status line shows it
}

// at adds the block that an event is about.
func (e event) at(t ledger.Tip) event {
	if !t.Point.IsOrigin() {
		block, slot := uint64(t.BlockNo), uint64(t.Point.Slot)
		e.Block, e.Slot, e.Hash = &block, &slot, t.Point.Hash.String()
	}
	return e
}

// output tells events. Its methods may overlap.
type output interface {
	event(event)

	// line shows how it goes, in place of the line before where that is
	// possible.
	line(text string)

	// log is where the log goes.
	log() logWriter

	// close removes the status line.
	close()
}
