/** Questions that are asked alike, and where: in words that go on "it is asked". `{}` is a word that differs: `{set}` a set, `{interface}` an interface or another device. */
export type Questions = {
  readonly where: string;
  /** Undefined: by both. */
  readonly mode?: 'install' | 'upgrade';
  /** Asked by newer releases on the usual machine, where the answers before lead to it. */
  readonly isUsual?: true;
  readonly questions: readonly string[];
};

const verification = (issue: string) => `${issue}. Continue without verification?`;
const words = (count: number) => Array.from({ length: count }, () => '{set}').join(' ');
// As many as a release has: the installer names each that it could not verify.
const mostSets = 14;

/**
 * Every question that an installation or an upgrade of OpenBSD may ask, in its own order: of distrib/miniroot/install.sub
 * and of the install.md of every architecture, since autoinstall(8) began (5.5). A response file may hold lines for all of
 * them: the installer passes over those that it does not ask for. A new question goes here, and where it is asked beside it.
 */
export const catalog: readonly Questions[] = [
  {
    where: 'by an installation',
    mode: 'install',
    isUsual: true,
    questions: [
      "System hostname? (short form, e.g. 'foo')",
      "Network interface to configure? (name, lladdr, '?', or 'done')",
      "IPv4 address for {interface}? (or 'autoconf' or 'none')",
      'Netmask for {interface}?',
      "IPv6 address for {interface}? (or 'autoconf' or 'none')",
      'IPv6 prefix length for {interface}?',
      'Symbolic (host) name for {interface}?',
      "Default IPv4 route? (IPv4 address or 'none')",
      "IPv6 default router? (IPv6 address or 'none')",
      "DNS domain name? (e.g. 'example.com')",
      "DNS nameservers? (IP address list or 'none')",
      'Password for root account?',
      'Public ssh key for root account?',
      'Start sshd(8) by default?',
      'Change the default console to {console}?',
      'Which speed should {console} use?',
      "Setup a user? (enter a lower-case loginname, or 'no')",
      "No really, what is the lower-case loginname, or 'no'?",
      'Full name for user {}?',
      'Password for user {}?',
      'Public ssh key for user {}',
      'Allow root ssh login? (yes, no, prohibit-password)',
      "What timezone are you in? ('?' for list)",
      "What sub-timezone of '{}' are you in? ('?' for list)",
      'Encrypt the root disk with a (p)assphrase or (k)eydisk?',
      'Encrypt the root disk with a passphrase?',
      'New passphrase?',
      'Re-type passphrase?',
      'Which disk contains the key disk?',
      'Which {disk} partition is the key disk?',
      'Use (W)hole disk MBR, whole disk (G)PT or (E)dit?',
      'An EFI/GPT disk may not boot. Proceed?',
      'URL to autopartitioning template for disklabel?',
      'Use (A)uto layout, (E)dit auto layout, or create (C)ustom layout?',
      'Which disk do you wish to initialize?',
      "Time appears wrong.  Set to '{} {} {} {} {} {}'?",
      "Time appears wrong.  Set to '{} {}  {} {} {} {}'?",
    ],
  },
  {
    where: 'of a disk that holds a system already',
    mode: 'install',
    questions: ['Use (W)hole disk MBR, whole disk (G)PT, (O)penBSD area or (E)dit?'],
  },
  {
    where: 'of a vlan(4)',
    mode: 'install',
    questions: ['Which interface:tag should {interface} be on?'],
  },
  {
    where: 'of a wireless interface',
    mode: 'install',
    questions: [
      "Access point? (ESSID, 'any', list# or '?')",
      'Security protocol? (O)pen, (W)EP',
      'Security protocol? (O)pen, (W)EP, WPA-(P)SK',
      'WEP key? (will echo)',
      'WPA passphrase? (will echo)',
    ],
  },
  {
    where: 'on a machine with a display',
    questions: ["Choose your keyboard layout ('?' or 'L' for list)"],
  },
  {
    where: 'on a machine with a display',
    mode: 'install',
    questions: [
      'Do you expect to run the X Window System?',
      'Do you want the X Window System to be started by xenodm(1)?',
      'Do you want the X Window System to be started by xdm(1)?',
    ],
  },
  {
    where: 'by an upgrade',
    mode: 'upgrade',
    questions: ['Force checking of clean non-root filesystems?', 'Continue anyway?'],
  },
  {
    where: 'by installations and upgrades alike',
    isUsual: true,
    questions: [
      'Terminal type?',
      "Which disk is the root disk? ('?' for details)",
      "Location of sets? (cd0 disk http nfs or 'done')",
      "HTTP proxy URL? (e.g. 'http://proxy:8080', or 'none')",
      "HTTP Server? (hostname, list#, 'done' or '?')",
      "HTTP Server? (hostname or 'done')",
      'Server directory?',
      "Set name(s)? (or 'abort' or 'done')",
    ],
  },
  {
    where: 'where sets are taken from a disk, a CD or a server of NFS',
    questions: [
      "Pathname to the sets? (or 'done')",
      'Is the disk partition already mounted?',
      'Which disk contains the install media?',
      'Which disk contains the upgrade media?',
      'Which {disk} partition has the install sets?',
      'Which {disk} partition has the upgrade sets?',
      'Server IP address or hostname?',
      'Filesystem on server to mount?',
      'Use TCP transport? (requires TCP-capable NFS server)',
    ],
  },
  {
    where: 'where something is wrong with the sets',
    questions: [
      'INSTALL.{} not found. Use sets found here anyway?',
      ...[
        'Directory does not contain SHA256.sig',
        'Cannot determine prefetch area',
        'Cannot create prefetch area',
        'Cannot fetch SHA256.sig',
        'Signature check of SHA256.sig failed',
        ...Array.from({ length: mostSets }, (_, index) => `Unverified sets: ${words(index + 1)}`),
      ].map(verification),
      'Checksum test for {set} failed. Continue anyway?',
      'Fetching of {set} failed. Continue anyway?',
      'Installation of {set} failed. Continue anyway?',
      "Are you *SURE* your install is complete without '{set}'?",
      "Are you *SURE* your upgrade is complete without '{set}'?",
    ],
  },
  {
    where: 'before there is a response file: it is typed on the console',
    questions: [
      '(I)nstall, (U)pgrade, (A)utoinstall or (S)hell?',
      'Which network interface should be used for the initial DHCP request?',
      'Response file location?',
      '(I)nstall or (U)pgrade?',
      'Exit to (S)hell, (H)alt or (R)eboot?',
    ],
  },
  {
    where: 'by OpenBSD on another architecture',
    mode: 'install',
    questions: [
      'Use (W)hole disk or (E)dit the MBR?',
      'Use (W)hole disk or (E)dit the GPT?',
      'Use (W)hole disk$ or (E)dit the MBR?',
      'Use (W)hole disk, use the (O)penBSD area or (E)dit the MBR?',
      'Use (H)FS or (M)BR partition table?',
      'Are you *sure* you want an MBR partition table on {disk}?',
      '(M)odify a partition or (A)bort?',
      'Use the (O)penBSD partition, (M)odify a partition or (A)bort?',
      'Do you want to init the MBR and the MSDOS partition?',
      'Have you initialized an MSDOS partition using OpenFirmware?',
      'Do you want to keep the current MSDOS partition setup?',
    ],
  },
  {
    where: 'by other releases of OpenBSD',
    mode: 'install',
    questions: [
      'Which network interface do you wish to configure?',
      // Response files have these since 5.5; the question itself was not found in any install.sub that was read.
      'Network interfaces?',
      'Install sets anyway?',
      "IPv4 address for {interface}? (or 'dhcp' or 'none')",
      "IPv6 address for {interface}? (or 'rtsol' or 'none')",
      "Default IPv4 route? (IPv4 address, 'dhcp' or 'none')",
      "IPv6 default router? (list #, IPv6 address or 'none')",
      "DNS domain name? (e.g. 'bar.com')",
      'Start ntpd(8) by default?',
      "NTP server? (hostname or 'default')",
      'Since you set up a user, disable sshd(8) logins to root?',
      'Use DUIDs rather than device names in fstab?',
      'Use (W)hole disk, use the (O)penBSD area, or (E)dit the MBR?',
      'Use (W)hole disk or (E)dit the MBR?',
    ],
  },
  {
    where: 'by other releases of OpenBSD',
    questions: [
      'Unable to connect using https. Use http instead?',
      'Which CD-ROM contains the install media?',
      'Which CD-ROM contains the upgrade media?',
      'Which one contains the install media?',
      'Which one is the root disk?',
    ],
  },
];
