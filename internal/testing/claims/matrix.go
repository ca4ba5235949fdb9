package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const matrixFile = "internal/testing/claims/testdata/matrix.txt"

// protocols are the columns of the matrix, and roles the rows of an implementation.
var (
	protocols = []string{"handshake", "chain-sync", "block-fetch", "tx-submission", "keep-alive", "peer-sharing"}
	roles     = []string{"initiator", "responder"}
)

// partner is an implementation that mini-protocols were run with.
type partner struct {
	name string
	run  string              // eachChange, or the date of the last run
	ran  map[string]evidence // by mini-protocol and our role: "chain-sync initiator"
}

const eachChange = "each change"

var date = regexp.MustCompile(`^20\d\d-\d\d-\d\d$`)

// readMatrix reads the implementations, and checks that the tests exist and that the
// versions are those which the tests are built with.
func (m *module) readMatrix() ([]partner, error) {
	text, err := m.read(matrixFile)
	if err != nil {
		return nil, err
	}
	all, err := parseMatrix(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", matrixFile, err)
	}
	required, err := m.read(interop + "/go.mod")
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, p := range all {
		name, version, ok := strings.Cut(p.name, " v")
		if of := regexp.MustCompile(`/` + regexp.QuoteMeta(name) + ` (v\S+)`).FindStringSubmatch(required); ok && of != nil && of[1] != "v"+version {
			errs = append(errs, fmt.Errorf("%s: %s/go.mod requires %s", p.name, interop, of[1]))
		}
		if p.run != eachChange && !date.MatchString(p.run) {
			errs = append(errs, fmt.Errorf("%s: run %q is neither %q nor a date", p.name, p.run, eachChange))
		}
		for what, e := range p.ran {
			protocol, role, _ := strings.Cut(what, " ")
			if !slices.Contains(protocols, protocol) || !slices.Contains(roles, role) {
				errs = append(errs, fmt.Errorf("%s: %q is no mini-protocol and role", p.name, what))
			}
			if _, err := m.read(e.name); err != nil && !slices.Contains(m.tests[e.name], e.pkgs[0]) {
				errs = append(errs, fmt.Errorf("%s, %s: there is no test or program %s", p.name, what, e))
			}
		}
	}
	return all, errors.Join(errs...)
}

func parseMatrix(text string) ([]partner, error) {
	var all []partner
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ": ")
		if key == "with" {
			all = append(all, partner{name: value, ran: make(map[string]evidence)})
			continue
		}
		if !ok || len(all) == 0 {
			return nil, fmt.Errorf("%q: want \"with: NAME\" first, then lines KEY: VALUE", line)
		}
		p := &all[len(all)-1]
		if key == "run" {
			p.run = value
			continue
		}
		pkg, name, ok := strings.Cut(value, " ")
		if !ok && p.run != eachChange {
			pkg, name, ok = "", value, true
		}
		if _, twice := p.ran[key]; twice || !ok {
			return nil, fmt.Errorf("%q: want one line for each mini-protocol and role, with a package and a test, or with a program that was run by hand", line)
		}
		p.ran[key] = evidence{pkgs: []string{pkg}, name: name}
	}
	return all, nil
}

// played reports whether we had a role in any mini-protocol.
func (p partner) played(role string) bool {
	for what := range p.ran {
		if strings.HasSuffix(what, " "+role) {
			return true
		}
	}
	return false
}

// matrix returns the table.
func matrix(all []partner) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| with | we are the | %s | run |\n| --- | --- |%s --- |\n", strings.Join(protocols, " | "), strings.Repeat(" --- |", len(protocols)))
	for _, p := range all {
		for _, role := range roles {
			if !p.played(role) {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s |", p.name, role)
			for _, protocol := range protocols {
				mark := "–"
				if _, ok := p.ran[protocol+" "+role]; ok {
					mark = "✓"
				}
				fmt.Fprintf(&b, " %s |", mark)
			}
			fmt.Fprintf(&b, " %s |\n", p.run)
		}
	}
	return b.String()
}
