# SPDX-License-Identifier: MIT
use strict;
use warnings;
use IO::Socket::INET;

for my $how ([], [Timeout => 5]) {
	my $sock = IO::Socket::INET->new(PeerAddr => '192.0.2.2', PeerPort => 7400, @$how)
		or die $@;
	print $sock "one\ntwo\n";
	$sock->flush;
	print scalar <$sock>, scalar <$sock>, $sock->peerport, "\n";
	shutdown $sock, 1;
	print 'rest: ', <$sock>, "\n";
	close $sock;
}
print IO::Socket::INET->new(PeerAddr => '192.0.2.2', PeerPort => 7401) ? "open\n" : "$@\n";
