package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/ouronet/ouronet/internal/seeded"
	"github.com/ouronet/ouronet/protocol"
)

const (
	// acceptPause follows an accept that failed for the moment.
	acceptPause = 500 * time.Millisecond

	// fullPause follows each connection that gets as far as its handshake while all
	// places are taken: those of connections that cannot stay then cost little.
	fullPause = 10 * time.Millisecond
)

// momentary are errors of accept that are of one connection, or pass: the
// network's are handed to accept on Linux. (Linux manual, accept(2))
var momentary = []error{
	syscall.ECONNABORTED, syscall.EPROTO, syscall.EPERM,
	syscall.ENETDOWN, syscall.ENETUNREACH, errHostDown, syscall.EHOSTUNREACH,
	syscall.ENOPROTOOPT, syscall.EOPNOTSUPP, syscall.ETIMEDOUT,
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
}

// Serve accepts connections from l, as many as cfg.Limits allow, and answers
// them from cfg.Sources, until ctx ends or l fails. A peer that misbehaves or goes
// away ends its own connection only. cfg.Observer is called for connections.
//
// Serve closes l and all connections, and waits for them, before it returns.
// It returns nil if ctx ended.
func Serve(ctx context.Context, l net.Listener, cfg Config) error {
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

	places := newPlaces(cfg.Limits, seeded.Source(cfg.Seed, "places"))
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			p, err := places.admit(ipOf(conn.RemoteAddr()), func(error) { conn.Close() })
			if err != nil {
				if cfg.serve.Enabled(ctx, slog.LevelDebug) { // there may be any number of them
					logEnd(ctx, cfg.serve, "refused", peerName(conn, ""), err)
				}
				conn.Close()
				continue
			}
			conns.Go(func() {
				defer places.release(p)
				serve(ctx, conn, cfg, places, p)
			})
			if places.full() && !sleep(ctx, fullPause) {
				return nil
			}
			continue
		case ctx.Err() != nil:
			return nil
		case !slices.ContainsFunc(momentary, func(m error) bool { return errors.Is(err, m) }):
			return fmt.Errorf("node: accept: %w", err)
		}
		cfg.serve.LogAttrs(ctx, slog.LevelWarn, "accept", slog.Any("error", err))
		if !sleep(ctx, acceptPause) {
			return nil
		}
	}
}

// ipOf returns the IP address of a bearer's end, or the zero Addr.
func ipOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}

func serve(ctx context.Context, conn net.Conn, cfg Config, places *places, p *place) {
	c, err := start(ctx, conn, peerName(conn, ""), protocol.Responder, cfg,
		func() [paces]time.Time { return places.owed(p) })
	if err != nil {
		logEnd(ctx, cfg.connections, "handshake", "", err)
		return
	}
	defer func() {
		now := time.Now()
		places.remember(p, c.owes(now), now)
	}()
	if err := places.confirm(p, time.Now(), c.unused, c.Fail); err != nil {
		logEnd(ctx, cfg.connections, "connection ended", c.peer, err)
		c.Fail(err)
		c.Close()
		return
	}
	c.tellConnected()
	select {
	case <-ctx.Done():
	case <-c.Done():
		logEnd(ctx, cfg.connections, "connection ended", c.peer, c.Err())
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
