package cli

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Network is the network that -network, -magic and -genesis name.
type Network struct {
	Name    string // default if -network is not given
	Genesis string
	Magic   *uint32

	named bool // -network was given
}

// Declare declares the three flags. usage of -magic depends on the program.
func (n *Network) Declare(flags *flag.FlagSet, magic string) {
	name := &choice{value: n.Name, of: known(), hint: ", or another network's -genesis DIR or -magic NUMBER"}
	flags.Func("network", "`NAME` of the network: "+or(known())+defaultOf(n.Name), func(s string) error {
		n.Name, n.named = s, true
		return name.Set(s)
	})
	flags.Func("genesis", "`DIR` with the genesis files of another network, and the config.json (JSON, not YAML) of its nodes", func(s string) error {
		if n.Genesis = s; s == "" {
			return errors.New("give the folder with the network's genesis files")
		}
		return nil
	})
	flags.Func("magic", magic, func(s string) error {
		v, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return errors.New("give a whole number from 0 to 4294967295")
		}
		m := uint32(v)
		n.Magic = &m
		return nil
	})
}

func defaultOf(name string) string {
	if name == "" {
		return ""
	}
	return " (default " + name + ")"
}

// Load returns the network. Its errors are a [UsageError] if the flags disagree,
// else they are of the genesis files.
func (n *Network) Load() (ledger.Network, error) {
	switch {
	case n.named && n.Genesis != "":
		return ledger.Network{}, Usagef("-network does not go with -genesis: give one of them")
	case n.Genesis != "":
		loaded, err := ledger.LoadNetwork(n.Genesis)
		switch {
		case err != nil:
			return loaded, fmt.Errorf("-genesis %s: %s", n.Genesis, strings.TrimPrefix(err.Error(), "ledger: "))
		case n.Magic != nil && *n.Magic != loaded.Magic:
			return loaded, Usagef("-magic %d: the genesis files in %s are of a network with magic %d: correct one of them", *n.Magic, n.Genesis, loaded.Magic)
		}
		return loaded, nil
	case n.Magic == nil || n.named:
		named, _ := ledger.NetworkByName(n.Name)
		if n.Magic != nil && *n.Magic != named.Magic {
			return named, Usagef("-magic %d: the magic of -network %s is %d: give one of them", *n.Magic, n.Name, named.Magic)
		}
		return named, nil
	}
	for _, name := range known() {
		if named, _ := ledger.NetworkByName(name); named.Magic == *n.Magic {
			return named, nil
		}
	}
	return unknown(*n.Magic), nil
}

// Known reports whether all of the network is known, not its magic alone.
func Known(n ledger.Network) bool { return !n.Start.IsZero() }

// unknown returns a network of which only the magic is known. That is enough to
// talk to its nodes: rollbacks may be as deep as on mainnet, and epochs of Byron
// are taken to be as long. When its slots are is not known, nor when eras start.
func unknown(magic uint32) ledger.Network {
	n := ledger.Mainnet
	n.Name, n.Magic = fmt.Sprintf("magic %d", magic), magic
	n.Start, n.Bootstrap, n.Genesis = time.Time{}, nil, ledger.GenesisHashes{}
	return n
}

func known() []string {
	return []string{ledger.Mainnet.Name, ledger.Preprod.Name, ledger.Preview.Name}
}
