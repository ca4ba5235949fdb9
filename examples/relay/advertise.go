package main

import (
	"context"
	"net"
	"net/netip"
	"strconv"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/peersharing"
)

// advertised returns the addresses of -advertise, names resolved once. It
// refuses what peers could not dial: they would learn how the network around
// the relay looks, and nothing else.
func advertised(ctx context.Context, given []string) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, s := range given {
		host, service, err := net.SplitHostPort(s)
		if err != nil {
			return nil, cli.Usagef("-advertise: %w", err) // its flag has checked it
		}
		port, err := strconv.ParseUint(service, 10, 16)
		if err != nil {
			return nil, cli.Usagef("-advertise: %w", err)
		}
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, cli.Usagef("-advertise %s: %w: give an address, or a name that resolves", s, err)
		}
		n := len(all)
		for _, a := range found {
			if peersharing.Routable(a) {
				all = append(all, netip.AddrPortFrom(a.Unmap(), uint16(port)))
			}
		}
		if len(all) == n {
			return nil, cli.Usagef("-advertise %s: %v is not routable: nodes elsewhere cannot dial it; give the relay's public address", s, found[0].Unmap())
		}
	}
	return all, nil
}
