package protocol

import (
	"errors"
	"fmt"
)

// Violations that are possible in every mini-protocol. They arrive wrapped in a
// [ViolationError]. Mini-protocols add their own.
var (
	// ErrOutOfTurn: a message that the state does not allow.
	ErrOutOfTurn = errors.New("message out of turn")
	// ErrTooLarge: a message over the state's limit. Sending one is refused
	// with the same error, then not wrapped in a ViolationError.
	ErrTooLarge = errors.New("message too large")
	// ErrTimeout: the peer kept agency for longer than the state allows.
	ErrTimeout = errors.New("no message in time")
	// ErrMalformed: bytes that are no CBOR, or not a message of the state.
	ErrMalformed = errors.New("malformed message")
	// ErrOverrun: more bytes than we asked for, so that the ingress buffer
	// of the protocol is full.
	ErrOverrun = errors.New("ingress buffer overrun")
)

// ErrAgency means that our own side sent, or waited for, a message when it was
// not its turn. It is a bug in the program, not the peer's fault, and leaves
// the Session as it was.
var ErrAgency = errors.New("protocol: not our turn")

// ErrInUse means that another goroutine, or the loop around the call, uses the
// initiator. The call did nothing, and the other one goes on. Have one goroutine ask,
// or guard the initiator with a mutex.
var ErrInUse = errors.New("protocol: in use by another call")

// ViolationError says that the peer broke a mini-protocol. The conversation cannot go
// on: close the connection.
type ViolationError struct {
	Protocol string
	State    string // empty if the violation is not tied to a state
	Message  string // label of the offending message, empty if unknown
	Err      error  // what it did; unwraps to a sentinel such as ErrTimeout
}

// Error names mini-protocol, state and message as far as they are known, and the rule.
func (e *ViolationError) Error() string {
	s := "peer broke " + e.Protocol
	if e.State != "" {
		s += " in " + e.State
	}
	if e.Message != "" {
		s += " with " + e.Message
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns the rule that was broken, such as [ErrTimeout].
func (e *ViolationError) Unwrap() error { return e.Err }

// UnsupportedError says that a message has the form that the protocol requires, with
// newer contents that this version cannot read. Err, an [errors.ErrUnsupported], names
// them. The peer may be right, so this is no violation; but the conversation cannot go
// on: close the connection.
type UnsupportedError struct {
	Protocol string
	State    string
	Message  string // label of the message
	Err      error
}

// Error names message, state and mini-protocol.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s in %s of %s cannot be read: %v", e.Message, e.State, e.Protocol, e.Err)
}

// Unwrap returns why the message cannot be read.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// IsPeerFault reports whether err says that the peer broke a protocol.
func IsPeerFault(err error) bool {
	var v *ViolationError
	return errors.As(err, &v)
}

func agencyError(spec *Spec, state StateID, doing string) error {
	return fmt.Errorf("%w: %s in %s of %s, where %s has agency",
		ErrAgency, doing, spec.States[state].Name, spec.Name, spec.States[state].Agency)
}
