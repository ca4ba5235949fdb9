package main

import (
	"strings"

	"github.com/ouronet/ouronet/ledger/praos"
)

// checked lists what is verified of what peers send, and what is not.
func (o *options) checked() (verified, not []string) {
	signed := []string{"certificates", "KES signatures", "VRF proofs"}
	verified, not = []string{"links", "body hashes"}, []string{"stake", "ledger rules"}
	if o.noVerify {
		return verified, append(signed, not...)
	}
	return append(signed, verified...), not
}

// checks says the same to people.
func checks(o *options) string {
	switch {
	case o.serveOnly:
		return "serves what the folder holds, as it is"
	case o.noVerify:
		return "checks links and bodies, but with -no-verify no signatures and VRF proofs:\nanybody can forge a header that passes, follow only nodes that you trust"
	}
	return "verifies headers (links, certificates, KES, VRF) and bodies against them, not who has\nstake, nor ledger rules: without stake anybody can forge a header that passes, follow\nonly nodes that you trust"
}

// headerChecks is the part of the status line on the last block's header.
func headerChecks(c praos.Checks) string {
	if c == 0 {
		return "headers not verified"
	}
	// The others go with these.
	return "verified " + (c &^ (praos.Envelope | praos.Bound)).String() + ", not stake"
}

// checkNames is nil if nothing was checked.
func checkNames(c praos.Checks) []string {
	if c == 0 {
		return nil
	}
	return strings.Split(c.String(), ", ")
}
