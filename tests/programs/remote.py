# SPDX-License-Identifier: MIT
"""remote: ssh, mail, files, repositories."""

import os
import shutil
import subprocess

from row import Row, first_contact, opens, rides


# --- OpenSSH

def sshd(place):
    keys = place.folder("ssh", 0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        f"{keys}/{name}"], check=True)
    shutil.copy(f"{keys}/user.pub", f"{keys}/authorized")
    os.makedirs("/run/sshd", exist_ok=True)
    conf = place.file("sshd_config", f"""
Port 2222
ListenAddress 192.0.2.2
ListenAddress [2001:db8::2]:2222
HostKey {keys}/host
PidFile {place.dir}/sshd.pid
AuthorizedKeysFile {keys}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
LogLevel VERBOSE
Subsystem sftp internal-sftp
""")
    process = place.serve(["/usr/sbin/sshd", "-D", "-e", "-f", conf], 2222)
    place.file("known", "[192.0.2.2]:2222,[2001:db8::2]:2222 " + " ".join(
        open(f"{keys}/host.pub", encoding="ascii").read().split()[:2]) + "\n")
    return process


SSH = ["-F", "none", "-i", "{dir}/ssh/user", "-o", "UserKnownHostsFile={dir}/known",
       "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
SSHD = ["openssh-server", "openssh-client"]
Row("ssh true", SSHD, sshd, ["ssh", *SSH, "-p", 2222, "root@{host}", "true"], rides(), 2222,
    root=True)
Row("ssh command", SSHD, sshd,
    ["ssh", *SSH, "-p", 2222, "root@{host}", "cat; echo done; exit 3"], rides(), 2222,
    root=True, stdin=b"line\n" * 20000, code=3)
Row("ssh IPv6", SSHD, sshd, ["ssh", *SSH, "-p", 2222, "root@2001:db8::2", "echo done"],
    rides(), 2222, root=True)
Row("sftp", SSHD, sshd, ["sh", "-c", "echo 'ls {dir}/known' | sftp -q -b - " +
                         " ".join(SSH) + " -P 2222 root@{host}"], rides(), 2222,
    root=True, mask=[(r"/\S*/place\.\w+", "PLACE")])
Row("ssh forwarding", SSHD + ["curl", "nginx"],
    lambda place: (sshd(place), web_at_home(place)),
    ["sh", "-c", "ssh " + " ".join(SSH) + " -p 2222 -f -L 127.0.0.1:9000:192.0.2.2:80 "
     "root@{host} 'sleep 1'; curl -sS http://127.0.0.1:9000/hello"], rides(), 2222,
    root=True)


def web_at_home(place):
    from web import nginx
    nginx(place)


# --- mail

def exim(place):
    spool = place.folder("spool", 0o750, "Debian-exim")
    place.folder("mail", 0o755, "Debian-exim")
    conf = place.file("exim.conf", f"""
primary_hostname = mail.example
domainlist local_domains = example
spool_directory = {spool}
log_file_path = {spool}/%slog
pid_file_path = {spool}/exim.pid
acl_smtp_rcpt = accept_local
rfc1413_query_timeout = 0s
host_lookup =
daemon_smtp_ports = 25
local_interfaces = 192.0.2.2
smtp_enforce_sync = true
begin acl
accept_local:
  accept domains = +local_domains
  deny message = not here
begin routers
local:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {place.dir}/mail/inbox
  user = Debian-exim
""")
    place.serve(["/usr/sbin/exim4", "-bdf", "-q1h", "-C", conf, "-oP", f"{spool}/pid"], 25)


MAIL = b"From: a@example\r\nTo: b@example\r\nSubject: x\r\n\r\nhello\r\n"
GREETS = "the server speaks first"
Row("curl smtp", ["exim4-daemon-light", "curl"], exim,
    ["curl", "-sS", "-v", "smtp://{host}", "--mail-from", "a@example", "--mail-rcpt",
     "b@example", "-T", "-"], opens(GREETS), 25, root=True, stdin=MAIL,
    mask=[(r"id=\S+", "id=ID"), (r"ESMTP Exim .*", "ESMTP"), (r"^[{} \[].*\n?", ""),
          (r" port \d+", " port N"), (r"^.*(Dload|--:--).*\n?", ""), (r"\r", ""),
          (r"^.*Trying.*\n?|^.*Expire.*\n?", "")])
Row("curl smtp refused", ["exim4-daemon-light", "curl"], exim,
    ["curl", "-sS", "smtp://{host}", "--mail-from", "a@example", "--mail-rcpt",
     "b@elsewhere", "-T", "-"], opens(GREETS), 25, root=True, stdin=MAIL, code=55)
Row("python smtplib", ["exim4-daemon-light", "python3"], exim,
    ["/usr/bin/python3", "-c", "import smtplib; s = smtplib.SMTP('{host}'); "
     "print(s.sendmail('a@example', ['b@example'], 'Subject: x\\n\\nhi'), s.quit()[0])"],
    opens(GREETS), 25, root=True)


# --- FTP

def vsftpd(place):
    place.file("ftp/hello", "hello\n" * 2000)
    place.folder("ftp/in", 0o777)
    os.makedirs("/run/vsftpd/empty", exist_ok=True)
    conf = place.file("vsftpd.conf", f"""
listen=YES
listen_address=192.0.2.2
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_root={place.dir}/ftp
write_enable=YES
anon_upload_enable=YES
anon_other_write_enable=YES
anon_umask=022
pasv_min_port=2121
pasv_max_port=2121
secure_chroot_dir=/run/vsftpd/empty
""")
    place.serve(["vsftpd", conf], 21)


FTP = ["vsftpd", "curl"]
Row("curl ftp", FTP, vsftpd, ["curl", "-sS", "ftp://{host}/hello"], opens(GREETS), 21,
    root=True)
Row("curl ftp data", FTP, vsftpd, ["curl", "-sS", "ftp://{host}/hello"],
    opens("the server speaks first on the data connection too"), 2121, root=True,
    probe=False)
Row("curl ftp upload", FTP, vsftpd, ["curl", "-sS", "-T", "-", "ftp://{host}/in/up"],
    first_contact("the client asks on the control connection before it writes here"), 2121,
    root=True, stdin=b"x" * 300000, probe=False)
Row("vsftpd active", FTP, vsftpd, ["curl", "-sS", "-P", "192.0.2.1", "ftp://{host}/hello"],
    opens(GREETS), 21, root=True)
Row("wget ftp", ["vsftpd", "wget"], vsftpd, ["wget", "-q", "-O", "-", "ftp://{host}/hello"],
    opens(GREETS), 21, root=True)
LFTP = ("open {host}; cat hello; put {dir}/ftp/hello -o in/copy; cls in; rm in/copy")
Row("lftp", ["vsftpd", "lftp"], vsftpd, ["lftp", "-c", "set ftp:sync-mode on; " + LFTP],
    opens(GREETS), 21, root=True)
Row("lftp ahead", ["vsftpd", "lftp"], vsftpd,
    ["lftp", "-c", "set ftp:sync-mode off; " + LFTP],
    rides(why="it does not wait for the greeting"), 21, root=True)


# --- git and rsync

def git_daemon(place):
    if not os.path.exists(f"{place.dir}/repo"):
        env = dict(os.environ, GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b",
                   GIT_AUTHOR_DATE="2020-01-01T00:00:00Z", GIT_COMMITTER_NAME="a",
                   GIT_COMMITTER_EMAIL="a@b", GIT_COMMITTER_DATE="2020-01-01T00:00:00Z")
        place.file("repo/one", "one\n" * 5000)
        for words in (["init", "-q", "-b", "main", "."], ["add", "."],
                      ["commit", "-q", "-m", "x"]):
            subprocess.run(["git", *words], cwd=f"{place.dir}/repo", env=env, check=True)
    place.serve(["git", "-c", "safe.directory=*", "daemon", "--reuseaddr", "--export-all",
                 f"--base-path={place.dir}", "--listen=192.0.2.2", "--enable=receive-pack"],
                9418)


CLONE = "rm -rf {dir}/copy; git clone -q git://{host}/repo {dir}/copy && " \
        "git -C {dir}/copy rev-parse HEAD && md5sum < {dir}/copy/one"
Row("git clone", ["git"], git_daemon, ["sh", "-c", CLONE], rides(), 9418)
Row("git ls-remote", ["git"], git_daemon, ["git", "ls-remote", "git://{host}/repo"],
    rides(), 9418)
Row("git push", ["git"], git_daemon,
    ["sh", "-c", CLONE + " && cd {dir}/copy && git push -q git://{host}/repo "
     "HEAD:refs/heads/other && git push -q git://{host}/repo :other"], rides(0.6), 9418)


def rsync(place):
    place.file("files/a/one", "one\n" * 5000)
    place.file("files/two", b"two\n" * 100)
    conf = place.file("rsyncd.conf", f"""
use chroot = no
address = 192.0.2.2
port = 8730
pid file = {place.dir}/rsync.pid
[files]
path = {place.dir}/files
""")
    place.serve(["rsync", "--daemon", "--no-detach", f"--config={conf}"], 8730)


Row("rsync", ["rsync"], rsync,
    ["sh", "-c", "rm -rf {dir}/got; rsync -a rsync://{host}:8730/files/ {dir}/got/ && "
     "cat {dir}/got/a/one {dir}/got/two | md5sum && rsync rsync://{host}:8730/"],
    rides(0.5), 8730)
