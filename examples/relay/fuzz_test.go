package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// FuzzFlags gives any arguments, a line each. They are a mistake that is told,
// or options that fit together.
func FuzzFlags(f *testing.F) {
	for _, args := range []string{"-demo", "-network preview -data db", "-genesis dir -magic 2 -peer [::1]:3001 -peer a:1 -listen :0",
		"-network mainnet -peer none -keep 2GiB -json", "-help", "-version", "-network preprod -log-level off -no-verify -exit-at-tip"} {
		f.Add(strings.ReplaceAll(args, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, args string) {
		o, err := parse(strings.Split(args, "\n"))
		if err != nil {
			if !strings.Contains(err.Error(), "usage: relay [flags]") {
				t.Errorf("%q: %v is not a mistake in the flags", args, err)
			}
			return
		}
		if o == nil { // -help or -version
			return
		}
		for _, peer := range o.peers {
			if host, port, err := net.SplitHostPort(peer); err != nil || host == "" || port == "0" {
				t.Errorf("%q: peer %q, %v", args, peer, err)
			}
		}
		if _, _, err := net.SplitHostPort(o.listen); err != nil {
			t.Errorf("%q: listen on %q, %v", args, o.listen, err)
		}
		if o.keep <= 0 || !o.demo && o.network.Name == "" && o.network.Genesis == "" && o.network.Magic == nil || o.serveOnly && len(o.peers) > 0 {
			t.Errorf("%q: %+v", args, o)
		}
	})
}

// FuzzParseBytes holds that a number of bytes is above 0 and is read again as
// it is written.
func FuzzParseBytes(f *testing.F) {
	for _, s := range []string{"1GiB", "512 MiB", "1000000", "9223372036854775807", "1kB", " 7 B "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseBytes(s)
		if err != nil {
			return
		}
		for _, again := range []string{fmt.Sprint(n), fmt.Sprint(n) + "B", fmt.Sprint(n) + " B"} {
			if m, err := parseBytes(again); err != nil || m != n || n <= 0 {
				t.Errorf("%q is %d, and %q %d, %v", s, n, again, m, err)
			}
		}
	})
}
