package cli

var FlagsOnlyOf = flagsOnly
