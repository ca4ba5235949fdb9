package handshake

import "fmt"

// Agreement is the result of a handshake.
type Agreement struct {
	Version Version
	Data    Data // of both sides, combined
}

// Duplex reports whether both sides may run initiators on the connection.
func (a Agreement) Duplex() bool { return !a.Data.InitiatorOnly }

// Negotiate finds the agreement between our table and the one the peer
// proposed: the highest common version, with the data of both combined. It is
// symmetric, so that at a TCP simultaneous open both sides find the same. A
// refusal is for sending to the peer. (handshake, 6)
func Negotiate(ours, proposed Table) (Agreement, *Refusal) {
	for i := len(ours) - 1; i >= 0; i-- {
		v := ours[i].Version
		if raw, ok := proposed.find(v); ok {
			// There is no falling back to a lower version from here.
			return combine(v, ours[i].Raw, raw)
		}
	}
	refusal := &Refusal{Reason: VersionMismatch}
	for _, e := range ours {
		refusal.Versions = append(refusal.Versions, uint64(e.Version))
	}
	return Agreement{}, refusal
}

// combine merges the data of both sides under one version.
func combine(v Version, ours, theirs []byte) (Agreement, *Refusal) {
	a, err := DecodeData(ours, v)
	if err != nil {
		return Agreement{}, &Refusal{Reason: HandshakeDecodeError, Version: v, Text: "own version data: " + err.Error()}
	}
	b, err := DecodeData(theirs, v)
	if err != nil {
		return Agreement{}, &Refusal{Reason: HandshakeDecodeError, Version: v, Text: err.Error()}
	}
	if a.Magic != b.Magic {
		text := fmt.Sprintf("network magic %d here, %d there", a.Magic, b.Magic)
		return Agreement{}, &Refusal{Reason: Refused, Version: v, Text: text}
	}
	return Agreement{v, Data{
		Magic:         a.Magic,
		InitiatorOnly: a.InitiatorOnly || b.InitiatorOnly,
		PeerSharing:   a.PeerSharing && b.PeerSharing,
		Query:         a.Query || b.Query,
		Peras:         a.Peras && b.Peras,
	}}, nil
}
