package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// plan is what to try in a package.
type plan struct {
	pkg     string
	sites   []site
	changes []mutation // in the order in which to try them
	quota   int        // how many of the changes that compile
}

// plans returns a plan for each package that patterns name, without changes.
func (m *module) plans(ctx context.Context, dir string, patterns []string) ([]plan, error) {
	names, err := m.find(ctx, dir, patterns)
	if err != nil {
		return nil, err
	}
	plans := make([]plan, len(names))
	for i, name := range names {
		plans[i].pkg = name
		for _, file := range m.packages[name].GoFiles {
			found, err := m.sites(path.Join(m.rel(name), file))
			if err != nil {
				return nil, err
			}
			plans[i].sites = append(plans[i].sites, found...)
		}
	}
	return plans, nil
}

func (m *module) sites(file string) ([]site, error) {
	src, err := os.ReadFile(filepath.Join(m.root, filepath.FromSlash(file)))
	if err != nil {
		return nil, err
	}
	return sites(file, src)
}

// draw gives each package its share of count, by the number of its sites, and
// draws changes, at most one for each site. They follow from the seed and the
// package, not from the other packages; the share does not.
func draw(plans []plan, seed uint64, count int) []plan {
	all := 0
	for _, p := range plans {
		all += len(p.sites)
	}
	for i := range plans {
		p := &plans[i]
		// The shares add up to count, as what is left goes to later packages.
		if all > 0 {
			p.quota = (2*count*len(p.sites) + all) / (2 * all)
			count, all = count-p.quota, all-len(p.sites)
		}
		hash := fnv.New64()
		hash.Write([]byte(p.pkg))
		rng := rand.New(rand.NewPCG(seed, hash.Sum64()))
		for _, n := range rng.Perm(len(p.sites)) {
			place := p.sites[n]
			p.changes = append(p.changes, place[rng.IntN(len(place))])
		}
	}
	return plans
}

// atLine returns a plan with every change of a line.
func (m *module) atLine(dir, arg string) ([]plan, error) {
	file, line, err := fileLine(arg)
	if err != nil {
		return nil, err
	}
	full, err := filepath.Abs(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(m.root, full)
	if err != nil {
		return nil, err
	}
	rel = filepath.ToSlash(rel)
	p := plan{pkg: path.Join(m.path, path.Dir(rel))}
	known := m.packages[p.pkg]
	if known == nil || !slices.Contains(known.GoFiles, path.Base(rel)) {
		return nil, fmt.Errorf("-at %s: %s is not a source file of module %s (tests are not changed)", arg, file, m.path)
	}
	if p.sites, err = m.sites(rel); err != nil {
		return nil, err
	}
	for _, place := range p.sites {
		for _, change := range place {
			if change.line == line {
				p.changes = append(p.changes, change)
			}
		}
	}
	if len(p.changes) == 0 {
		return nil, fmt.Errorf("-at %s: there is nothing to change in this line", arg)
	}
	p.quota = len(p.changes)
	return []plan{p}, nil
}

// leaveOut removes the changes that are listed as making no difference.
func (p *plan) leaveOut(listed equivalents) {
	p.changes = slices.DeleteFunc(p.changes, func(m mutation) bool { return listed[m.entry()] != "" })
}

// stale returns the listed entries for files of the plan that are no longer
// possible, sorted.
func (e equivalents) stale(p plan) []string {
	files, possible := make(map[string]bool), make(map[string]bool)
	for _, place := range p.sites {
		for _, m := range place {
			files[m.file], possible[m.entry()] = true, true
		}
	}
	var stale []string
	for entry := range e { // sorted below
		in, _, _ := strings.Cut(strings.TrimPrefix(entry, "in "), "\n")
		file, _, _ := strings.Cut(in, ", ")
		if files[file] && !possible[entry] {
			stale = append(stale, entry)
		}
	}
	slices.Sort(stale)
	return stale
}
