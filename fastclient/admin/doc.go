// Package admin changes and shows what an InfluxDB 1.x server holds beside points:
// databases, retention policies, users and their grants, continuous queries and the queries
// under way, measurements, series and keys. [Cluster] shows the nodes of an openGemini cluster.
// Each function sends one statement through a [fastclient.Client], with names quoted so
// that none can end the statement, and returns typed results. [fastclient.Client.Exec]
// sends any other statement.
//
// Errors are those of [fastclient.Client.Query]; a name that InfluxQL cannot quote is a
// [*fastclient.OptionError], and nothing is sent.
package admin
