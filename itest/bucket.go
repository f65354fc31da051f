package itest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// setUp makes the first user, Org and Token of a fresh InfluxDB 2. The directory of an
// earlier server has them already.
func (s *Server) setUp() error {
	var allowed struct{ Allowed bool }
	if err := s.api(http.MethodGet, "/api/v2/setup", nil, &allowed); err != nil {
		return err
	}
	if allowed.Allowed {
		first := map[string]string{"username": Username, "password": Password, "org": Org, "bucket": "first", "token": Token}
		if err := s.api(http.MethodPost, "/api/v2/setup", first, nil); err != nil {
			return err
		}
	}
	var list struct{ Orgs []struct{ ID string } }
	if err := s.api(http.MethodGet, "/api/v2/orgs?org="+Org, nil, &list); err != nil {
		return err
	}
	if len(list.Orgs) != 1 {
		return fmt.Errorf("itest: %d organizations %s", len(list.Orgs), Org)
	}
	s.orgID = list.Orgs[0].ID
	return nil
}

// CreateBucket makes a bucket on an InfluxDB 2 and returns its id. The bucket is also the
// database of its name or, with a name like "db/rp", a retention policy of db.
func (s *Server) CreateBucket(name string) (id string, err error) {
	var made struct{ ID string }
	err = s.api(http.MethodPost, "/api/v2/buckets", map[string]any{"orgID": s.orgID, "name": name}, &made)
	return made.ID, err
}

// DropBucket deletes a bucket with its points. A missing bucket is not an error.
func (s *Server) DropBucket(name string) error {
	var list struct{ Buckets []struct{ ID, Name string } }
	err := s.api(http.MethodGet, "/api/v2/buckets?"+url.Values{"orgID": {s.orgID}, "limit": {"100"}}.Encode(), nil, &list)
	if err != nil {
		return err
	}
	for _, b := range list.Buckets {
		if b.Name == name {
			return s.api(http.MethodDelete, "/api/v2/buckets/"+b.ID, nil, nil)
		}
	}
	return nil
}

// MapDatabase makes a bucket of an InfluxDB 2 the default retention policy of a database
// of another name.
func (s *Server) MapDatabase(database, policy, bucketID string) error {
	return s.api(http.MethodPost, "/api/v2/dbrps", map[string]any{"orgID": s.orgID, "bucketID": bucketID,
		"database": database, "retention_policy": policy, "default": true}, nil)
}

// CreateLegacyUser makes a user of the 1.x endpoints of an InfluxDB 2, who may read a
// bucket and, if write is set, write to it.
func (s *Server) CreateLegacyUser(name, password, bucketID string, write bool) error {
	type resource struct {
		Type  string `json:"type"`
		ID    string `json:"id"`
		OrgID string `json:"orgID"`
	}
	type permission struct {
		Action   string   `json:"action"`
		Resource resource `json:"resource"`
	}
	may := []permission{{"read", resource{"buckets", bucketID, s.orgID}}}
	if write {
		may = append(may, permission{"write", resource{"buckets", bucketID, s.orgID}})
	}
	var made struct{ ID string }
	err := s.api(http.MethodPost, "/private/legacy/authorizations",
		map[string]any{"orgID": s.orgID, "token": name, "permissions": may}, &made)
	if err != nil {
		return err
	}
	return s.api(http.MethodPost, "/private/legacy/authorizations/"+made.ID+"/password", map[string]string{"password": password}, nil)
}

// api sends a request with in as JSON to the API of InfluxDB 2, and decodes the response
// into out.
func (s *Server) api(method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequest(method, s.URL()+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("itest: %s %s: %s: %s", method, path, resp.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
