package conformance_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// sample is a message of testdata/messages.txt. Its bytes may be more than one
// message, depending on the state.
type sample struct {
	id, protocol string
	raw          []byte
	labels       []string
}

func samples(t testing.TB) (list []sample) {
	for _, f := range rows(t, "messages.txt") {
		list = append(list, sample{f[0], f[1], golden.Bytes(t, f[2]), f[3:]})
	}
	return list
}

// labelIn returns the label that the table gives s in a state, if any.
func (s sample) labelIn(state conformance.TableState) (edge conformance.TableEdge, ok bool) {
	for _, e := range state.Edges {
		if slices.Contains(s.labels, e.Message) {
			return e, true
		}
	}
	return edge, false
}

// peerOf returns a session in a state, on the side that waits there, and the
// other end of its transport.
func peerOf(t testing.TB, name, state string) (*protocol.Session[protocol.Message], *pipe.End) {
	t.Helper()
	spec := specs[name]()
	spec = startingIn(spec, stateNamed(t, spec, state))
	ours, theirs := pipe.New()
	return protocol.NewSession[protocol.Message](spec, spec.States[0].Agency.Peer(), ours), theirs
}

// Every state takes, of all messages of its mini-protocol, those that the
// independent table allows; they are encoded again to the same bytes.
func TestEveryMessageInEveryState(t *testing.T) {
	all := samples(t)
	seen := make(map[string]bool) // transitions
	for name, table := range tables(t) {
		for _, state := range table.States {
			if state.Agency == "nobody" {
				continue
			}
			for _, m := range all {
				if m.protocol != name {
					continue
				}
				s, peer := peerOf(t, name, state.Name)
				if err := peer.Send(t.Context(), m.raw, nil); err != nil {
					t.Fatal(err)
				}
				got, err := s.Recv(t.Context())
				edge, legal := m.labelIn(state)
				var v *protocol.ViolationError
				switch {
				case !legal:
					if !errors.As(err, &v) || !errors.Is(err, protocol.ErrOutOfTurn) || v.Protocol != name || v.State != state.Name {
						t.Errorf("%s in %s of %s: %v, %v", m.id, state.Name, name, got, err)
					}
				case err != nil || got.Label() != edge.Message:
					t.Errorf("%s in %s of %s: %v, %v", m.id, state.Name, name, got, err)
				default:
					if after := s.Spec().States[s.Machine().State()].Name; after != edge.To {
						t.Errorf("%s in %s of %s leads to %s", m.id, state.Name, name, after)
					}
					if again := got.AppendCBOR(nil); !bytes.Equal(again, m.raw) {
						t.Errorf("%s was encoded again to %x", m.id, again)
					}
					seen[name+state.Name+edge.Message] = true
				}
			}
			for _, e := range state.Edges {
				if !seen[name+state.Name+e.Message] {
					t.Errorf("there is no example of %s in %s of %s", e.Message, state.Name, name)
				}
			}
		}
	}
}

func TestUnusual(t *testing.T) {
	for _, f := range rows(t, "unusual.txt") {
		id, name, state, raw := f[0], f[1], f[2], golden.Bytes(t, f[3])
		s, peer := peerOf(t, name, state)
		if err := peer.Send(t.Context(), raw, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(t.Context()); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if len(f) > 4 {
			want := "8301" + map[string]string{"14": "0e", "15": "0f"}[f[4]]
			if got, err := answer(t, raw); err != nil || !strings.HasPrefix(got, want) {
				t.Errorf("%s is answered with %q, %v; want %s…", id, got, err, want)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, f := range rows(t, "refused.txt") {
		id, name, state, raw, result := f[0], f[1], f[2], golden.Bytes(t, f[3]), f[4]
		s, peer := peerOf(t, name, state)
		if err := peer.Send(t.Context(), raw, nil); err != nil {
			t.Fatal(err)
		}
		_, err := s.Recv(t.Context())
		switch {
		case result != "close":
			// A message like others; only the version data in it is wrong.
			if got, err := answer(t, raw); !strings.HasPrefix(got, "82028"+"30"+result) || err == nil {
				t.Errorf("%s is answered with %q, %v; want reason %s", id, got, err, result)
			}
		case id == "N16":
			// The table cannot say that a list must not be empty here.
			err = emptyBlockingReply(t, raw)
			fallthrough
		default:
			if !protocol.IsPeerFault(err) {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
}

// answer returns what a proposal is answered with, in hex.
func answer(t *testing.T, propose []byte) (string, error) {
	client, server := pipe.New()
	if err := client.Send(t.Context(), propose, nil); err != nil {
		t.Fatal(err)
	}
	mainnet := handshake.Data{Magic: ledger.Mainnet.Magic, PeerSharing: true}
	_, err := handshake.Answer(t.Context(), handshake.Spec(), server, handshake.Versions(mainnet))
	sent, _ := client.Peek(0)
	return hex.EncodeToString(sent), err
}

// emptyBlockingReply gives reply to a responder that waits for ids.
func emptyBlockingReply(t *testing.T, reply []byte) error {
	ours, peer := pipe.New()
	if err := peer.Send(t.Context(), txsubmission.Init{}.AppendCBOR(nil), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := txsubmission.NewResponder(txsubmission.Spec(), ours)
	if err := r.Init(ctx); err != nil {
		t.Fatal(err)
	}
	go func() {
		<-peer.Ready()
		peer.Send(ctx, reply, nil)
	}()
	_, err := r.RequestTxIDs(ctx, 0, 3)
	return err
}
