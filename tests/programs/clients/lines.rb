# SPDX-License-Identifier: MIT
require 'socket'

2.times do |n|
  sock = n.zero? ? TCPSocket.new('192.0.2.2', 7600) : Socket.tcp('192.0.2.2', 7600, connect_timeout: 5)
  sock.puts 'one', 'two'
  puts sock.gets, sock.gets, sock.remote_address.ip_port
  sock.close_write
  p sock.read
end
begin
  TCPSocket.new('192.0.2.2', 7601)
rescue SystemCallError => e
  puts e.class
end
