# Read-only: nothing is written, started, stopped or fetched. Sent on standard input after a line that sets $mark.
$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; $WarningPreference = 'SilentlyContinue'
$r = @{}
function Fact($name, $block) { try { $r[$name] = & $block } catch { } }
function Reg($path, $name) { (Get-ItemProperty -Path "HKLM:\$path" -Name $name).$name }
function Day($date) { if ($date) { ([DateTimeOffset]$date).ToUnixTimeSeconds() } }

Fact 'now' { [DateTimeOffset]::UtcNow.ToUnixTimeSeconds() }
Fact 'who' { $env:USERNAME }
Fact 'admin' { ([Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()).IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator) }
Fact 'caption' { (Get-CimInstance Win32_OperatingSystem).Caption }
Fact 'version' { (Get-CimInstance Win32_OperatingSystem).Version }
Fact 'system_type' { [int](Get-CimInstance Win32_ComputerSystem).PCSystemType }
Fact 'model' { $c = Get-CimInstance Win32_ComputerSystem; "$($c.Manufacturer) $($c.Model)" }
Fact 'pending' {   # offline: what the update client already knows
  $s = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher(); $s.Online = $false
  @($s.Search('IsInstalled=0 and IsHidden=0').Updates | Where-Object { $_.MsrcSeverity -or ($_.Categories | Where-Object { $_.CategoryID -eq '0fa1201d-4330-4fa8-8ae9-b877473b6441' }) } | ForEach-Object { $_.Title })
}
Fact 'searched' { Day (New-Object -ComObject Microsoft.Update.AutoUpdate).Results.LastSearchSuccessDate }
Fact 'auto_level' { [int](New-Object -ComObject Microsoft.Update.AutoUpdate).Settings.NotificationLevel }
Fact 'reboot' { Test-Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired' }
Fact 'users' { @(Get-LocalUser | Where-Object Enabled | ForEach-Object { @{ name = $_.Name; sid = "$($_.SID)"; last = Day $_.LastLogon; set = Day $_.PasswordLastSet; expires = [bool]$_.PasswordExpires } }) }
Fact 'admins' { @(([ADSI]"WinNT://./$((New-Object Security.Principal.SecurityIdentifier 'S-1-5-32-544').Translate([Security.Principal.NTAccount]).Value.Split('\')[-1]),group").Invoke('Members') | ForEach-Object { "$((New-Object Security.Principal.SecurityIdentifier($_.GetType().InvokeMember('objectSid', 'GetProperty', $null, $_, $null), 0)))" }) }
Fact 'policy' {
  $d = [ADSI]"WinNT://$env:COMPUTERNAME"
  @{ length = $d.MinPasswordLength.Value; age = $d.MaxPasswordAge.Value; history = $d.PasswordHistoryLength.Value; attempts = $d.MaxBadPasswordsAllowed.Value; attributes = $d.PasswordAttributes.Value }
}
Fact 'firewall' { @(Get-NetFirewallProfile -PolicyStore ActiveStore | ForEach-Object { @{ name = $_.Name; enabled = "$($_.Enabled)"; inbound = "$($_.DefaultInboundAction)" } }) }
Fact 'smb1' { [bool](Get-SmbServerConfiguration).EnableSMB1Protocol }
Fact 'bitlocker' { "$((Get-BitLockerVolume -MountPoint $env:SystemDrive).ProtectionStatus)" }
Fact 'defender' { $m = Get-MpComputerStatus; @{ on = [bool]($m.AntivirusEnabled -and $m.RealTimeProtectionEnabled); signatures = Day $m.AntivirusSignatureLastUpdated } }
Fact 'audit' { @(auditpol /get /category:* /r | ConvertFrom-Csv | ForEach-Object { "$(@($_.PSObject.Properties)[4].Value)" }) }
Fact 'forward' { [bool](Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\EventLog\EventForwarding\SubscriptionManager') }
Fact 'time_type' { Reg 'SYSTEM\CurrentControlSet\Services\W32Time\Parameters' 'Type' }
Fact 'services' { @(Get-Service | Where-Object { "$($_.Status)" -eq 'Running' } | ForEach-Object { $_.Name }) }
Fact 'software' { @('SOFTWARE', 'SOFTWARE\WOW6432Node' | ForEach-Object { Get-ItemProperty "HKLM:\$_\Microsoft\Windows\CurrentVersion\Uninstall\*" } | Where-Object DisplayName | ForEach-Object { $_.DisplayName }) }
Fact 'idle' { [int](Reg 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' 'InactivityTimeoutSecs') }
Fact 'notice' { "$(Reg 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' 'legalnoticetext')" }
Fact 'usbstor' { [int](Reg 'SYSTEM\CurrentControlSet\Services\USBSTOR' 'Start') }
Fact 'autorun' { [int](Reg 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Explorer' 'NoDriveTypeAutoRun') }
Fact 'secure_boot' { [bool](Confirm-SecureBootUEFI) }

"`n$mark begin windows`n$(ConvertTo-Json -InputObject $r -Depth 4 -Compress)`n$mark end 0`n`n$mark done"
