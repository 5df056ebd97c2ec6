#!/usr/bin/perl
# Reads edge.conf and ovh.conf by the very code of the programs that are deployed: each is
# compiled as it is, but for the lines that would run it. Questions come and answers go as
# JSON, one a line. Arguments: edge-sync, ip-move, a folder to write in.
use strict;
use warnings;
my ($edge_sync, $ip_move, $folder) = @ARGV;
@ARGV = ();
delete @ENV{ grep { /^(?:OVH_|IP_MOVE_|EDGE_SYNC_)/ } keys %ENV };
$ENV{IP_MOVE_ETC} = $ENV{EDGE_SYNC_ETC} = $folder;

sub source {
	my ($file, $from) = @_;
	open(my $fh, '<', $file) or die "$file: $!\n";
	local $/;
	my $text = <$fh>;
	my $at = index($text, $from);
	$at > 0 or die "$file has no line $from\n";
	return substr($text, 0, $at);
}

eval('package EdgeSync;' . source($edge_sync, "\nmy \$command = shift") . '
sub main::edge_sync { %edge = (); load_edge(); return {%edge} } 1;') or die $@;
eval('package IpMove;' . source($ip_move, "\n# Whatever ends it, the connection") . '
{ no warnings "redefine"; *fail = sub { die "$_[1]\n" } }
sub main::ip_move { %edge = (); load_edge(); return {%edge} }
sub main::ovh { %ovh = (); load_credentials(); return {%ovh} } 1;') or die $@;

my $json = JSON::PP->new->utf8->canonical;
while (my $line = <STDIN>) {
	my $ask = $json->decode($line);
	for (['edge.conf', 'edge'], ['ovh.conf', 'ovh']) {
		open(my $fh, '>:utf8', "$folder/$_->[0]") or die "$folder/$_->[0]: $!\n";
		print {$fh} $ask->{ $_->[1] };
		close($fh) or die "$folder/$_->[0]: $!\n";
		chmod(0600, "$folder/$_->[0]");
	}
	my %answer;
	for (['edge_sync', \&edge_sync], ['ip_move', \&ip_move], ['ovh', \&ovh]) {
		my $got = eval { $_->[1]->() };
		$answer{ $_->[0] } = $got // { error => "$@" };
	}
	print $json->encode(\%answer), "\n";
}
