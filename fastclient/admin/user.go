package admin

import (
	"context"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

// A User is a user of an InfluxDB 1.x server.
type User struct {
	Name  string
	Admin bool
}

// ShowUsers returns the users.
func ShowUsers(ctx context.Context, c *fastclient.Client, opts ...fastclient.QueryOption) ([]User, error) {
	var out []User
	err := each(ctx, c, newStatement("SHOW USERS"), opts, func(row *jsonscan.Row) error {
		admin, err := row.Bool(row.Series().Column("admin"))
		out = append(out, User{column(row, "user"), admin})
		return err
	})
	return out, err
}

// CreateUser creates a user. The password is sent as part of the statement, and neither
// kept nor logged.
func CreateUser(ctx context.Context, c *fastclient.Client, name, password string, admin bool, opts ...fastclient.QueryOption) error {
	s := newStatement("CREATE USER ").name("User", name).words(" WITH PASSWORD ").text("Password", password)
	if admin {
		s.words(" WITH ALL PRIVILEGES")
	}
	return exec(ctx, c, s, opts...)
}

// SetPassword changes the password of a user.
func SetPassword(ctx context.Context, c *fastclient.Client, name, password string, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("SET PASSWORD FOR ").name("User", name).words(" = ").text("Password", password), opts...)
}

// DropUser deletes a user.
func DropUser(ctx context.Context, c *fastclient.Client, name string, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("DROP USER ").name("User", name), opts...)
}

// A Privilege is what a user may do with a database.
type Privilege string

// The privileges of InfluxDB 1.x.
const (
	PrivilegeNone  Privilege = "NO PRIVILEGES"
	PrivilegeRead  Privilege = "READ"
	PrivilegeWrite Privilege = "WRITE"
	PrivilegeAll   Privilege = "ALL PRIVILEGES"
)

func (p Privilege) check() error {
	switch p {
	case PrivilegeRead, PrivilegeWrite, PrivilegeAll:
		return nil
	}
	return &fastclient.OptionError{Field: "Privilege", Reason: "is not read, write or all"}
}

// Grant gives a user a privilege on a database.
func Grant(ctx context.Context, c *fastclient.Client, p Privilege, database, user string, opts ...fastclient.QueryOption) error {
	if err := p.check(); err != nil {
		return err
	}
	return exec(ctx, c, newStatement("GRANT ").words(string(p)).words(" ON ").name("Database", database).words(" TO ").name("User", user), opts...)
}

// Revoke takes a privilege on a database from a user.
func Revoke(ctx context.Context, c *fastclient.Client, p Privilege, database, user string, opts ...fastclient.QueryOption) error {
	if err := p.check(); err != nil {
		return err
	}
	return exec(ctx, c, newStatement("REVOKE ").words(string(p)).words(" ON ").name("Database", database).words(" FROM ").name("User", user), opts...)
}

// GrantAdmin makes a user an administrator.
func GrantAdmin(ctx context.Context, c *fastclient.Client, user string, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("GRANT ALL PRIVILEGES TO ").name("User", user), opts...)
}

// RevokeAdmin takes the rights of an administrator from a user.
func RevokeAdmin(ctx context.Context, c *fastclient.Client, user string, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("REVOKE ALL PRIVILEGES FROM ").name("User", user), opts...)
}

// A UserGrant is a privilege that a user has on a database.
type UserGrant struct {
	Database  string
	Privilege Privilege
}

// ShowGrants returns the privileges of a user.
func ShowGrants(ctx context.Context, c *fastclient.Client, user string, opts ...fastclient.QueryOption) ([]UserGrant, error) {
	var out []UserGrant
	err := each(ctx, c, newStatement("SHOW GRANTS FOR ").name("User", user), opts, func(row *jsonscan.Row) error {
		out = append(out, UserGrant{column(row, "database"), Privilege(column(row, "privilege"))})
		return nil
	})
	return out, err
}
