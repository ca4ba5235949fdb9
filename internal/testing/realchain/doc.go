// Package realchain has headers of every era and one block of real chains, as they are on
// these chains: facts that are small enough to stand here, so that tests without a folder
// of chain data see real ones, too.
package realchain
