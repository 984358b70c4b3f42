use strict;
use warnings;
use HTTP::Daemon;
use HTTP::Response;

$SIG{TERM} = sub { exit 0 };
my $daemon = HTTP::Daemon->new(LocalAddr => '0.0.0.0', LocalPort => 8080, ReuseAddr => 1) or die "cannot listen: $!";
while (my $client = $daemon->accept) {
    while (my $request = $client->get_request) {
        $client->send_response(HTTP::Response->new(200, 'OK', ['Content-Type' => 'text/plain'], "ok\n"));
        $client->force_last_request;
    }
    $client->close;
}
