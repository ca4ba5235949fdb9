// Package genpeer is a generated peer: one side of any mini-protocol, made from
// its table, that says random legal things, or follows a plan, or breaks the
// protocol in a given way at a given step.
//
// A [Peer] follows the table. What goes into its messages comes from an
// [Author], so that they fit what was said before: the cookie that was sent,
// the blocks that were asked for. [Value] makes messages that fit nothing, for
// codecs.
package genpeer
