//go:build !unix

package relay

func descriptorLimit() int { return 0 }
