package node

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/internal/testing/logtest"
)

// What each connection logs and tells costs nothing while the level is off and
// nobody is told, with a logger and without one: there may be any number of them.
func TestSilenceAllocatesNothing(t *testing.T) {
	ctx, err := t.Context(), error(&PeerError{"peer", errors.New("gone")})
	off, logs := logtest.New(slog.LevelError)
	for name, log := range map[string]*slog.Logger{"off": off, "nil": nil} {
		log = logging.Of(log, logging.Connections)
		c := &Conn{peer: "peer", cfg: Config{connections: log}}
		if n := testing.AllocsPerRun(100, func() {
			c.logStart(ctx)
			c.tellConnected()
			logEnd(ctx, log, "connection ended", c.peer, err)
			c.tellClosed()
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if n := len(logs.All()); n != 0 {
		t.Errorf("%d entries", n)
	}
}
