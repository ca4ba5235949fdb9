package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/ouronet/ouronet/protocol"
)

// How many connections [Serve] keeps. (relay-behaviour, 1)
const (
	// HardLimit is where no more are accepted until one ends.
	HardLimit = 512
	// SoftLimit is where accepting begins to slow down, to acceptDelay for
	// each at the hard limit.
	SoftLimit   = 384
	acceptDelay = 5 * time.Second

	// abortedPause follows a connection that was gone before it was accepted.
	abortedPause = 500 * time.Millisecond
)

// Serve accepts connections from l and answers them from cfg.Sources, until
// ctx ends or l fails. started, if not nil, is called for each connection after
// its handshake and must not block; the function it returns, if not nil, is
// called when the connection has ended. A peer that misbehaves or goes away
// ends its own connection only.
//
// Serve closes l and all connections, and waits for them, before it returns.
// It returns nil if ctx ended.
func Serve(ctx context.Context, l net.Listener, cfg Config, started func(*Conn) (ended func())) error {
	defer l.Close()
	cfg, err := cfg.complete()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var conns sync.WaitGroup
	defer conns.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()

	slots := make(chan struct{}, HardLimit)
	for {
		if err := throttle(ctx, slots); err != nil {
			return nil
		}
		conn, err := l.Accept()
		switch {
		case err == nil:
			conns.Go(func() {
				defer func() { <-slots }()
				serve(ctx, conn, cfg, started)
			})
			continue
		case ctx.Err() != nil:
			return nil
		case !errors.Is(err, syscall.ECONNABORTED) && !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE):
			return fmt.Errorf("node: accept: %w", err)
		}
		<-slots
		cfg.Logger.Warn("accept", zap.Error(err))
		if !sleep(ctx, abortedPause) {
			return nil
		}
	}
}

// throttle takes a slot for one more connection, later the fuller it is.
func throttle(ctx context.Context, slots chan struct{}) error {
	if n := len(slots) - SoftLimit; n > 0 {
		if !sleep(ctx, acceptDelay*time.Duration(n)/(HardLimit-SoftLimit)) {
			return ctx.Err()
		}
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func serve(ctx context.Context, conn net.Conn, cfg Config, started func(*Conn) (ended func())) {
	c, err := start(ctx, conn, peerName(conn, ""), protocol.Responder, cfg)
	if err != nil {
		cfg.Logger.Debug("handshake", zap.Error(err))
		return
	}
	if started != nil {
		if ended := started(c); ended != nil {
			defer ended()
		}
	}
	select {
	case <-ctx.Done():
	case <-c.Done():
		c.log.Debug("connection ended", zap.Error(c.Err()))
	}
	c.Close()
}

// sleep waits for d and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
