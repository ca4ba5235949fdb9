package handshake_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// What the accepting side does with the proposals of (examples, 11 and 12).
func TestAnswer(t *testing.T) {
	const accept15, closed = "83010f" + v1, ""
	for _, test := range []struct {
		name, propose string
		reply         string            // how it starts
		version       handshake.Version // agreed on
		reason        handshake.Reason  // refused with
		err           error
	}{
		{"H1", "8200a20e" + v1 + "0f" + v1, accept15, 15, 0, nil},
		{"H2", "8200a30e" + v1 + "0f" + v1 + "10851a2d964a09f401f4f5", accept15, 15, 0, nil},
		{"H3", "8200a0", "82028200820e0f", 0, handshake.VersionMismatch, nil},
		{"A1", "8200a407800d61780e" + v1 + "0f" + v1, accept15, 15, 0, nil},
		{"A2", "8200a30d" + v1 + "07" + v1 + "0e" + v1, "83010e" + v1, 14, 0, nil},
		{"N1", "8200a20f" + v1 + "0e" + v1, closed, 0, 0, protocol.ErrMalformed},
		{"N2", "8200a20e" + v1 + "0e" + v1, closed, 0, 0, protocol.ErrMalformed},
		{"N3", "8200bf0e" + v1 + "ff", closed, 0, 0, protocol.ErrMalformed},
		{"N4", "8300a10e" + v1 + "00", closed, 0, 0, protocol.ErrMalformed},
		{"N5", "8200a10f841a2d964a09f4f5f4", "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"N6", "8200a10f" + v4, "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"N7", "8200a10f841b0000000100000000f401f4", "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"N8", "8200a10f9f1a2d964a09f401f4ff", "820283010f", 0, handshake.HandshakeDecodeError, nil},
		{"other network", "8200a10f" + v2, "820283020f", 0, handshake.Refused, nil},
		{"query", "8200a10f841a2d964a09f401f5", "8203a20e" + v1 + "0f" + v1, 0, 0, handshake.ErrQueried},
		{"query of another network", "8200a10f" + v3, "820283020f", 0, handshake.Refused, nil},
		{"answer", "83010f" + v1, closed, 0, 0, protocol.ErrOutOfTurn},
		{"unknown tag", "8104", closed, 0, 0, protocol.ErrMalformed},
		{"not CBOR", "ff", closed, 0, 0, protocol.ErrMalformed},
		{"too large", "820059" + "1680" + strings.Repeat("00", 5760), closed, 0, 0, protocol.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pipe.New()
			if err := client.Send(t.Context(), golden.Bytes(t, test.propose), nil); err != nil {
				t.Fatal(err)
			}
			ours := handshake.Versions(handshake.Data{Magic: mainnet, PeerSharing: true})
			agreed, err := handshake.Answer(t.Context(), handshake.Spec(), server, ours)
			var refused *handshake.RefusedError
			switch {
			case test.err != nil:
				if !errors.Is(err, test.err) {
					t.Errorf("ended with %v, want %v", err, test.err)
				}
			case test.version != 0:
				if err != nil || agreed.Version != test.version {
					t.Errorf("agreed on %v, %v", agreed, err)
				}
			case !errors.As(err, &refused) || !refused.ByUs || refused.Reason != test.reason:
				t.Errorf("ended with %v", err)
			}
			if blame := errors.Is(err, protocol.ErrMalformed) || errors.Is(err, protocol.ErrOutOfTurn) || errors.Is(err, protocol.ErrTooLarge); protocol.IsPeerFault(err) != blame {
				t.Errorf("blames the peer wrongly, or not: %v", err)
			}
			sent, _ := client.Peek(0)
			got := hex.EncodeToString(sent)
			if !strings.HasPrefix(got, test.reply) || test.reply == closed && got != "" || strings.HasPrefix(test.reply, "8301") && got != test.reply {
				t.Errorf("answered %s, want %s", got, test.reply)
			}
		})
	}
}
