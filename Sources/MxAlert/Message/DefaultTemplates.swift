/// The templates that notices have where a file defines no others, under the names that
/// Alertmanager has for them, so that `{{ template "slack.default.title" . }}` works.
///
/// Titles and lists read as Alertmanager's. Links are left out where mx knows no page
/// to lead to: `site_url` is not set.
enum DefaultTemplates {
  static let text = shared + chat + pagers + services

  private static let shared = """
    {{ define "__alertmanager" }}Alertmanager{{ end -}}
    {{ define "__alertmanagerURL" -}}
      {{ if .ExternalURL }}{{ .ExternalURL }}/#/alerts?receiver={{ urlquery .Receiver }}{{ end }}
    {{- end -}}
    {{ define "__subject" -}}
      [{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]
      {{- print " " (join " " .GroupLabels.SortedPairs.Values) " " -}}
      {{ if lt (len .GroupLabels) (len .CommonLabels) -}}
        ({{ join " " (.CommonLabels.Remove .GroupLabels.Names).Values }})
      {{- end }}
    {{- end -}}
    {{ define "__description" }}{{ end -}}
    {{ define "__text_alert_list" }}{{ range $alert := . }}Labels:
    {{ range $alert.Labels.SortedPairs }} - {{ .Name }} = {{ .Value }}
    {{ end }}Annotations:
    {{ range $alert.Annotations.SortedPairs }} - {{ .Name }} = {{ .Value }}
    {{ end }}Source: {{ $alert.GeneratorURL }}
    {{ end }}{{ end -}}
    {{ define "__text_alert_list_markdown" }}{{ range $alert := . }}
    Labels:
    {{ range $alert.Labels.SortedPairs }}  - {{ .Name }} = {{ .Value }}
    {{ end }}
    Annotations:
    {{ range $alert.Annotations.SortedPairs }}  - {{ .Name }} = {{ .Value }}
    {{ end }}
    Source: {{ $alert.GeneratorURL }}
    {{ end }}
    {{ end -}}
    {{ define "__both_lists" }}{{ if gt (len .Alerts.Firing) 0 }}
    Alerts Firing:
    {{ template "__text_alert_list" .Alerts.Firing }}
    {{ end }}
    {{ if gt (len .Alerts.Resolved) 0 }}
    Alerts Resolved:
    {{ template "__text_alert_list" .Alerts.Resolved }}
    {{ end }}
    {{ end -}}
    {{ define "__both_lists_tight" }}{{ if gt (len .Alerts.Firing) 0 -}}
    Alerts Firing:
    {{ template "__text_alert_list" .Alerts.Firing }}
    {{- end }}
    {{ if gt (len .Alerts.Resolved) 0 -}}
    Alerts Resolved:
    {{ template "__text_alert_list" .Alerts.Resolved }}
    {{- end }}
    {{- end -}}
    {{ define "__both_lists_markdown" }}
    {{ if gt (len .Alerts.Firing) 0 }}
    # Alerts Firing:
    {{ template "__text_alert_list_markdown" .Alerts.Firing }}
    {{ end }}
    {{ if gt (len .Alerts.Resolved) 0 }}
    # Alerts Resolved:
    {{ template "__text_alert_list_markdown" .Alerts.Resolved }}
    {{ end }}
    {{ end -}}
    {{ define "__color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end -}}
    {{ define "__annotations" }}{{ join " " .CommonAnnotations.SortedPairs.Values }}{{ end -}}

    """

  private static let chat =
    empty(
      "slack.default", ["callbackid", "pretext", "iconemoji", "iconurl", "text", "footer"])
    + empty("rocketchat.default", ["emoji", "iconurl", "text"])
    + subject(["slack.default.title", "rocketchat.default.title", "mattermost.default.title"])
    + link([
      "slack.default.titlelink", "rocketchat.default.titlelink", "mattermost.default.titlelink",
    ])
    + name(["slack.default.username", "rocketchat.default.alias", "mattermost.default.username"])
    + define("slack.default.color", call("__color"))
    + define("mattermost.default.color", call("__color"))
    + define(
      "slack.default.fallback",
      "\(call("slack.default.title")) | \(call("slack.default.titlelink"))")
    + define(
      "mattermost.default.fallback",
      "\(call("mattermost.default.title")) | \(call("mattermost.default.titlelink"))")
    + define("mattermost.default.text", call("__both_lists_markdown"))
    + empty("discord.default", ["content"]) + subject(["discord.default.title"])
    + define("discord.default.message", "\n" + call("__both_lists"))
    + subject([
      "msteams.default.summary", "msteams.default.title", "msteamsv2.default.title",
    ])
    + define("msteams.default.text", call("__both_lists_markdown"))
    + define("msteamsv2.default.text", call("__both_lists_markdown"))
    + define("telegram.default.message", "\n" + call("__both_lists"))
    + define("webex.default.message", "\(call("__annotations"))\n\(call("__both_lists"))")

  private static let pagers =
    subject(["pagerduty.default.description"]) + name(["pagerduty.default.client"])
    + link(["pagerduty.default.clientURL"])
    + define("pagerduty.default.instances", call("__text_alert_list"))
    + subject(["opsgenie.default.message"]) + link(["opsgenie.default.source"])
    + define(
      "opsgenie.default.description", "\(call("__annotations"))\n\(call("__both_lists_tight"))")
    + define(
      "victorops.default.state_message",
      "\(call("__annotations"))\n\(call("__both_lists_tight"))")
    + subject(["victorops.default.entity_display_name"])
    + name(["victorops.default.monitoring_tool"])
    + subject(["pushover.default.title"]) + link(["pushover.default.url"])
    + define("pushover.default.message", "\(call("__annotations"))\n\(call("__both_lists"))")

  private static let services =
    subject(["sns.default.subject", "jira.default.summary", "email.default.subject"])
    + define("sns.default.message", "\(call("__annotations"))\n\(call("__both_lists"))")
    + define("jira.default.description", call("__both_lists_markdown"))
    + empty("wechat.default", ["to_user", "to_party", "to_tag", "agent_id"])
    + define(
      "wechat.default.message",
      call("__subject") + "\n" + call("__annotations") + "\n" + call("__both_lists_tight")
        + "\nAlertmanagerUrl:\n" + call("__alertmanagerURL"))
    + jiraPriority + MailTemplate.text

  /// The worst severity of what fires, or of what did.
  private static let jiraPriority = """
    {{ define "jira.default.priority" -}}
      {{ $alerts := .Alerts.Firing -}}
      {{ $found := "" -}}
      {{ range $alerts }}{{ $severity := index .Labels "severity" -}}
        {{ if eq $severity "critical" }}{{ $found = "High" -}}
        {{ else if and (eq $severity "warning") (ne $found "High") }}{{ $found = "Medium" -}}
        {{ else if and (eq $severity "info") (eq $found "") }}{{ $found = "Low" -}}
        {{ end -}}
      {{ end -}}
      {{ if eq $found "" }}{{ range .Alerts.Resolved -}}
        {{ $severity := index .Labels "severity" -}}
        {{ if eq $severity "critical" }}{{ $found = "High" -}}
        {{ else if and (eq $severity "warning") (ne $found "High") }}{{ $found = "Medium" -}}
        {{ else if and (eq $severity "info") (eq $found "") }}{{ $found = "Low" -}}
        {{ end -}}
      {{ end }}{{ end -}}
      {{ $found }}
    {{- end -}}

    """

  // MARK: - Writing definitions

  private static func define(_ name: String, _ text: String) -> String {
    "{{ define \"\(name)\" }}\(text){{ end }}\n"
  }

  private static func call(_ name: String) -> String { "{{ template \"\(name)\" . }}" }

  private static func empty(_ prefix: String, _ names: [String]) -> String {
    names.map { define("\(prefix).\($0)", "") }.joined()
  }

  private static func subject(_ names: [String]) -> String {
    names.map { define($0, call("__subject")) }.joined()
  }

  private static func link(_ names: [String]) -> String {
    names.map { define($0, call("__alertmanagerURL")) }.joined()
  }

  private static func name(_ names: [String]) -> String {
    names.map { define($0, call("__alertmanager")) }.joined()
  }
}
