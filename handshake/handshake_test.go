package handshake_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

const mainnet = 764824073

// both runs the two sides of a handshake, in pieces of chunk bytes.
func both(t *testing.T, chunk int, ours, theirs handshake.Table) (a, b handshake.Agreement, errA, errB error) {
	t.Helper()
	client, server := pipe.New()
	client.Chunk, server.Chunk = chunk, chunk
	done := make(chan struct{})
	go func() {
		defer close(done)
		b, errB = handshake.Answer(t.Context(), handshake.Spec(), server, theirs)
	}()
	a, errA = handshake.Propose(t.Context(), handshake.Spec(), client, ours)
	<-done
	return a, b, errA, errB
}

func TestAgree(t *testing.T) {
	ours := handshake.Versions(handshake.Data{Magic: mainnet, InitiatorOnly: true, PeerSharing: true})
	theirs := handshake.Versions(handshake.Data{Magic: mainnet, PeerSharing: true}, 14, 15, 16)
	want := handshake.Agreement{Version: 15, Data: handshake.Data{Magic: mainnet, InitiatorOnly: true, PeerSharing: true}}
	for _, chunk := range []int{0, 1, 2, 3, 7} {
		a, b, errA, errB := both(t, chunk, ours, theirs)
		if errA != nil || errB != nil || a != want || b != want {
			t.Errorf("pieces of %d: %+v, %v; %+v, %v", chunk, a, errA, b, errB)
		}
	}
}

// Both sides learn why there is no agreement, and who refused.
func TestRefuse(t *testing.T) {
	ours := handshake.Versions(handshake.Data{Magic: 1})
	for _, test := range []struct {
		name   string
		theirs handshake.Table
		want   handshake.Refusal
		text   string
	}{
		{"no version", handshake.Versions(handshake.Data{Magic: 1}, 16),
			handshake.Refusal{Versions: []uint64{16}}, "no version in common, it takes [16]"},
		{"other network", handshake.Versions(handshake.Data{Magic: 2}),
			handshake.Refusal{Reason: handshake.Refused, Version: 15, Text: "network magic 2 here, 1 there"}, "network magic 2 here, 1 there"},
	} {
		_, _, errA, errB := both(t, 0, ours, test.theirs)
		var a, b *handshake.RefusedError
		if !errors.As(errA, &a) || a.ByUs || !reflect.DeepEqual(a.Refusal, test.want) || !strings.Contains(errA.Error(), test.text) {
			t.Errorf("%s: refused with %v", test.name, errA)
		}
		if !errors.As(errB, &b) || !b.ByUs || !reflect.DeepEqual(b.Refusal, test.want) {
			t.Errorf("%s: refused %v", test.name, errB)
		}
	}
}

func TestQuery(t *testing.T) {
	want := handshake.Versions(handshake.Data{Magic: 1, PeerSharing: true}, 14, 15, 16)
	ask := handshake.Versions(handshake.Data{Magic: 1, Query: true})

	client, server := pipe.New()
	answered := make(chan error, 1)
	go func() {
		_, err := handshake.Answer(t.Context(), handshake.Spec(), server, want)
		answered <- err
	}()
	got, err := handshake.Query(t.Context(), handshake.Spec(), client, ask)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := <-answered; err != handshake.ErrQueried {
		t.Errorf("answered with %v", err)
	}

	for _, test := range []struct {
		name, reply string
		table       string
		refused     bool
	}{
		{"refused", "82028200820e0f", "", true},
		{"accepted all the same", "83010f8401f400f5", "", false},
		{"simultaneous open", "8200a10e8401f400f4", "14", false},
	} {
		client, server := pipe.New()
		go func() {
			<-server.Ready()
			server.Send(t.Context(), golden.Bytes(t, test.reply), nil)
		}()
		got, err := handshake.Query(t.Context(), handshake.Spec(), client, ask)
		var refused *handshake.RefusedError
		if got.String() != test.table || errors.As(err, &refused) != test.refused || (err == nil) != (test.table != "") {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
	}
}

// A connection that ends is nobody's fault.
func TestClosed(t *testing.T) {
	ours := handshake.Versions(handshake.Data{Magic: 1})
	client, server := pipe.New()
	client.Close()
	if _, err := handshake.Propose(t.Context(), handshake.Spec(), client, ours); !errors.Is(err, io.EOF) || protocol.IsPeerFault(err) {
		t.Error(err)
	}
	if _, err := handshake.Answer(t.Context(), handshake.Spec(), server, ours); !errors.Is(err, io.EOF) || protocol.IsPeerFault(err) {
		t.Error(err)
	}
}
