// Package wake has the two ways in which goroutines here wake each other: [One] wakes one
// that waits for work, [All] wakes everyone who waits for a change. Neither loses a
// wake-up that comes while nobody waits, and no Wake blocks.
package wake
