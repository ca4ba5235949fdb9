package main

import (
	"context"
	"fmt"
	"net"

	ouroboros "github.com/blinklabs-io/gouroboros"
	"github.com/blinklabs-io/gouroboros/protocol/keepalive"

	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/ledger"
)

// gouroboros is gouroboros as package peer uses it: raw headers, no logging,
// blocks not encoded twice, requests pipelined.
type gouroboros struct{}

func (gouroboros) serve(conn net.Conn, c *chain) error {
	s := peer.NewServer(peer.ServerConfig{Magic: magic, Chain: peer.NewChain(c.blocks)})
	defer s.Close()
	return s.Serve(conn)
}

func (gouroboros) dial(conn net.Conn, c *chain, o options) (initiator, error) {
	client, err := peer.NewClient(context.Background(), conn, peer.ClientConfig{
		Magic:        magic,
		Pipeline:     100,
		FetchAhead:   !o.careful,
		SkipBodyHash: !o.bodyHash,
	})
	if err != nil {
		return nil, err
	}
	return &gouroborosClient{client, c}, nil
}

type gouroborosClient struct {
	*peer.Client
	chain *chain
}

func (c *gouroborosClient) close() { c.Close() }

// fetch leaves the checks to the library, which parses every block.
func (c *gouroborosClient) fetch(spans []span) error {
	want, ranges := 0, make([]peer.Range, len(spans))
	for i, s := range spans {
		part := c.chain.blocks[s.first : s.first+s.n]
		ranges[i] = peer.Ranges(part, s.n)[0]
		want += s.n
	}
	err := c.Fetch(context.Background(), ranges, func(ledger.RawBlock) error {
		want--
		return nil
	})
	if err == nil && want != 0 {
		err = fmt.Errorf("%d blocks missing", want)
	}
	return err
}

func (c *gouroborosClient) headers(n int) error {
	return c.Sync(context.Background(), []ledger.Point{ledger.Origin}, func(u peer.Update) error {
		if u.Kind == peer.RollForward {
			if n--; n == 0 {
				return peer.ErrStop
			}
		}
		return nil
	})
}

func (c *gouroborosClient) ping() error {
	_, err := c.KeepAlive(context.Background())
	return err
}

func (gouroboros) idle(conn net.Conn) error {
	_, err := ouroboros.NewConnection(
		ouroboros.WithConnection(conn),
		ouroboros.WithNodeToNode(true),
		ouroboros.WithNetworkMagic(magic),
		ouroboros.WithFullDuplex(true),
		ouroboros.WithKeepAlive(true),
		ouroboros.WithKeepAliveConfig(keepalive.NewConfig(keepalive.WithPeriod(keepAlivePeriod))),
	)
	return err
}
