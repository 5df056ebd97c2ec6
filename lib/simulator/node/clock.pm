package SimulatedClock;
# Sets a node's wall clock off by the seconds in /simulator/clock, for every Perl program on it.
# The monotonic clock, which nothing sets, is ahead by those in /simulator/monotonic: time that went by.
my $offset = 0;
if (open(my $fh, '<', '/simulator/clock')) { $offset = <$fh> + 0 }
*CORE::GLOBAL::time = sub { CORE::time() + $offset };
my $passed = 0;
if (open(my $fh, '<', '/simulator/monotonic')) { $passed = <$fh> + 0 }
if ($passed != 0) {
	require Time::HiRes;
	my $real = \&Time::HiRes::clock_gettime;
	my $monotonic = Time::HiRes::CLOCK_MONOTONIC();
	no warnings;
	*Time::HiRes::clock_gettime = sub (;$) { $real->(@_) + (($_[0] // -1) == $monotonic ? $passed : 0) };
}
1;
