/// The mail that alerts are told by: plain tables and inline styles, for mail programs
/// that know nothing newer; readable without pictures, in light and dark.
enum MailTemplate {
  static let text = """
    {{ define "email.default.html" -}}
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>{{ template "__subject" . }}</title>
    </head>
    <body style="margin:0;padding:16px;font:14px/1.5 sans-serif">
    <table role="presentation" style="border-collapse:collapse;width:100%;max-width:640px">
    <tr><td style="padding:12px 16px;color:#fff;background:\
    {{ if gt (len .Alerts.Firing) 0 }}#b3261e{{ else }}#2e7d32{{ end }};font-size:16px">
    <strong>{{ len .Alerts }} alert{{ if gt (len .Alerts) 1 }}s{{ end }}\
    {{ with .GroupLabels.SortedPairs }} for\
    {{ range . }} {{ .Name }}={{ .Value }}{{ end }}{{ end }}</strong>
    </td></tr>
    {{ if .ExternalURL }}<tr><td style="padding:12px 16px">\
    <a href="{{ template "__alertmanagerURL" . }}">View in {{ template "__alertmanager" . }}</a>\
    </td></tr>
    {{ end }}{{ if gt (len .Alerts.Firing) 0 }}<tr><td style="padding:12px 16px 0">\
    <strong>[{{ len .Alerts.Firing }}] Firing</strong></td></tr>
    {{ range .Alerts.Firing }}{{ template "__mail_alert" . }}{{ end }}{{ end -}}
    {{ if gt (len .Alerts.Resolved) 0 }}<tr><td style="padding:12px 16px 0">\
    <strong>[{{ len .Alerts.Resolved }}] Resolved</strong></td></tr>
    {{ range .Alerts.Resolved }}{{ template "__mail_alert" . }}{{ end }}{{ end -}}
    {{ if gt .Mx.Truncated 0 }}<tr><td style="padding:12px 16px">and {{ .Mx.Truncated }} more: \
    <code>mx-alert status</code> lists them all</td></tr>
    {{ end }}<tr><td style="padding:16px;font-size:12px;color:#777">\
    {{ .NotificationReason }}; sent by mx-alert</td></tr>
    </table>
    </body>
    </html>
    {{ end -}}
    {{ define "__mail_alert" }}<tr><td style="padding:8px 16px">
    <strong>Labels</strong><br>
    {{ range .Labels.SortedPairs }}{{ .Name }} = {{ .Value }}<br>
    {{ end }}{{ if gt (len .Annotations) 0 }}<strong>Annotations</strong><br>
    {{ range .Annotations.SortedPairs }}{{ .Name }} = {{ .Value }}<br>
    {{ end }}{{ end }}{{ if .GeneratorURL }}<a href="{{ .GeneratorURL }}">Source</a><br>
    {{ end }}{{ if .Mx.Ack }}<code style="font-size:12px">{{ .Mx.Ack }}</code><br>
    <code style="font-size:12px">{{ .Mx.Silence }}</code><br>
    {{ end }}</td></tr>
    {{ end -}}

    """
}
