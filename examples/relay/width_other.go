//go:build !linux && !darwin

package main

import "os"

// width returns how many characters fit in a line of the terminal f, 0 if that
// is not known.
func width(*os.File) int { return 0 }
