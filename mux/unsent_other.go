//go:build !linux && !darwin

package mux

// unsentOption is 0 where there is no such option.
const unsentOption = 0

func setInt(uintptr, int, int, int) {}
