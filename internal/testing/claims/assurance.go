package main

import (
	"fmt"
	"strings"
)

const assurancePage = "docs/assurance.md"

const assuranceHead = `# What shows that the promises hold

<!-- Made by: go run ./internal/testing/claims assurance -write -->

Each promise of the other pages, the source of its rule, the tests that show it, and the
planted faults that these tests find: mistakes that were put into the code by hand, each of
which fails a test ([testing.md](testing.md#do-the-tests-find-planted-faults)). A source is
a topic and a section ([architecture.md](architecture.md#where-rules-come-from)), or "ours":
a rule that we made ourselves.

    go run ./internal/testing/claims assurance -write

writes this page from ` + "`" + promisesFile + "`" + ` and the planted
faults. A test fails when a promise has no test or no source, when a test is gone or could
be of several packages, when a planted fault breaks no promise, and when this page is stale.

`

// assurance returns the page.
func assurance(all []promise) string {
	var b strings.Builder
	tests, planted, bare := 0, 0, 0
	for _, p := range all {
		tests += len(p.tests)
		planted += len(p.faults)
		if len(p.faults) == 0 {
			bare++
		}
	}
	b.WriteString(assuranceHead)
	fmt.Fprintf(&b, "%d promises, %d tests, %d planted faults. For %d promises no fault is planted\nyet.\n", len(all), tests, planted, bare)
	page := ""
	for _, p := range all {
		if p.page != page {
			page = p.page
			fmt.Fprintf(&b, "\n## [%s](../%s)\n\n| promise | source of the rule | shown by | planted faults found |\n| --- | --- | --- | --- |\n", page, page)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.text, list(p.rules, "; "), list(p.tests, "<br>"), list(p.faults, "<br>"))
	}
	return b.String()
}

// list joins items; "–" stands for none.
func list[T any](items []T, between string) string {
	if len(items) == 0 {
		return "–"
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = strings.ReplaceAll(fmt.Sprint(item), "|", `\|`)
	}
	return strings.Join(texts, between)
}
