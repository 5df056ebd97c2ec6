#!/usr/bin/perl
# sha256(1) with the flags that OpenBSD's has and a node's scripts use.
use strict;
use warnings;
use Digest::SHA;
my ($quiet, $reverse, $text);
sub usage {
	print STDERR "usage: sha256 [-bcpqrtx] [-C checklist] [-h hashfile] [-s string] [file ...]\n";
	exit 1;
}
while (@ARGV && $ARGV[0] =~ /^-(.+)/) {
	my $flag = shift @ARGV;
	last if $flag eq '--';
	if ($flag eq '-q') { $quiet = 1 }
	elsif ($flag eq '-r') { $reverse = 1 }
	elsif ($flag eq '-s' && @ARGV) { $text = shift @ARGV }
	else { usage() }
}
usage() if $quiet && $reverse;
if (defined $text) {
	my $digest = Digest::SHA::sha256_hex($text);
	print $quiet ? "$digest\n" : $reverse ? "$digest $text\n" : "SHA256 (\"$text\") = $digest\n";
	exit 0;
}
my $failed = 0;
for my $file (@ARGV ? @ARGV : '-') {
	my $handle = \*STDIN;
	if ($file ne '-' && !(-f $file && open($handle, '<', $file))) {
		print STDERR "sha256: cannot open $file: " . ($! || 'Is a directory') . "\n";
		$failed = 1;
		next;
	}
	my $digest = Digest::SHA->new(256)->addfile($handle, 'b')->hexdigest;
	print $file eq '-' || $quiet ? "$digest\n" : $reverse ? "$digest $file\n" : "SHA256 ($file) = $digest\n";
}
exit $failed;
