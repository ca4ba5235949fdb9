package node

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/internal/logtest"
)

// What each connection logs costs nothing while its level is off, with a logger
// and without one: there may be any number of connections.
func TestSilentLogAllocatesNothing(t *testing.T) {
	ctx, err := t.Context(), error(&PeerError{"peer", errors.New("gone")})
	off, logs := logtest.New(slog.LevelError)
	for name, log := range map[string]*slog.Logger{"off": off, "nil": nil} {
		log = logging.Of(log, logging.Connections)
		c := &Conn{peer: "peer", cfg: Config{connections: log}}
		if n := testing.AllocsPerRun(100, func() {
			c.logStart(ctx)
			logEnd(ctx, log, "connection ended", c.peer, err)
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if n := len(logs.All()); n != 0 {
		t.Errorf("%d entries", n)
	}
}
